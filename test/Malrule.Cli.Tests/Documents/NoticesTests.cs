using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Cli.Tests.Documents;

public sealed class NoticesTests
{
    [Fact]
    public async Task Every_library_that_ships_with_the_tool_is_named_in_the_notices()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using JsonDocument shipped = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "malrule.deps.json"), cancellation));
        string[] packages =
        [
            .. shipped.RootElement.GetProperty("libraries").EnumerateObject()
                .Where(library => library.Value.GetProperty("type").GetString() == "package").Select(library => library.Name.Split('/')[0]),
        ];
        Assert.NotEmpty(packages);
        string notices = await File.ReadAllTextAsync(Path.Combine(TestPaths.Repository, "THIRD-PARTY-NOTICES.md"), cancellation);
        Assert.All(packages, package => Assert.Matches($@"[|,] {package.Replace(".", @"\.", StringComparison.Ordinal)}(,| \|)", notices));
    }
}
