namespace Malrule.Cli;

/// <summary>What ships beside the executable: a bank of questions and two small models that know this kind of question only.</summary>
internal static class Bundled
{
    private const string Name = "bundled";

    public static string Bank => Locate("samples", "bank");
    public static string Model => Locate("models", "malrule-llm-awq");
    public static string Embedder => Locate("models", "malrule-embedder");

    /// <summary>The bundled model where it is asked for by this name, or where nothing else is named and <paramref name="onlyChoice"/>.</summary>
    public static string? Resolve(string? given, string bundled, bool onlyChoice) => given == Name || given is null && onlyChoice ? bundled : given;

    /// <summary>The language model that a command is given: "bundled" stands for the one that ships.</summary>
    public static string Language(string given) => given == Name ? Model : given;

    private static string Locate(params ReadOnlySpan<string> parts) => Path.Combine([AppContext.BaseDirectory, .. parts!]);
}
