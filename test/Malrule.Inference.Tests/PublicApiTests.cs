namespace Malrule.Inference.Tests;

public sealed class PublicApiTests
{
    /// <summary>One namespace holds all that a user needs; the container's extensions stand where containers look for them.</summary>
    [Fact]
    public void Every_public_type_is_in_the_packages_namespace() => Assert.All(
        typeof(LlmEngine).Assembly.GetExportedTypes().Where(type => !type.IsNested),
        type => Assert.Equal(type == typeof(Microsoft.Extensions.DependencyInjection.MalruleServiceCollectionExtensions) ? "Microsoft.Extensions.DependencyInjection" : "Malrule.Inference", type.Namespace));
}
