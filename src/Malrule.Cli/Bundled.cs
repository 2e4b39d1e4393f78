namespace Malrule.Cli;

/// <summary>What ships beside the executable: a bank of questions and two small models that know this kind of question only.</summary>
internal static class Bundled
{
    public static string Bank => Locate("samples", "bank");
    public static string Model => Locate("models", "malrule-llm-awq");
    public static string Embedder => Locate("models", "malrule-embedder");

    private static string Locate(params ReadOnlySpan<string> parts) => Path.Combine([AppContext.BaseDirectory, .. parts!]);
}
