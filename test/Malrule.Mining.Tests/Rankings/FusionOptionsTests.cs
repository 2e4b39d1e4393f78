using Malrule.Inference;
using Malrule.Mining.Rankings;

namespace Malrule.Mining.Tests.Rankings;

public sealed class FusionOptionsTests
{
    public static TheoryData<string, FusionOptions, string> Rules => new()
    {
        { "borda", new() { Method = FusionMethod.Borda }, "borda" },
        { " Borda@25 ", new() { Method = FusionMethod.Borda, Depth = 25 }, "borda@25" },
        { "rrf", new() { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 1 }, "rrf:1" },
        { "rrf:60", new() { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 60 }, "rrf:60" },
        { "rrf:0.5@100", new() { Method = FusionMethod.ReciprocalRank, ReciprocalRankConstant = 0.5, Depth = 100 }, "rrf:0.5@100" },
        { "combsum", new() { Method = FusionMethod.CombSum }, "combsum" },
        { "softmax", new() { Method = FusionMethod.Softmax, Temperature = 0.05 }, "softmax:0.05" },
        { "softmax:0.2", new() { Method = FusionMethod.Softmax, Temperature = 0.2 }, "softmax:0.2" },
    };

    [Theory, MemberData(nameof(Rules))]
    public void A_rule_is_read_and_named(string text, FusionOptions expected, string name)
    {
        Assert.Equal(expected, FusionOptions.Parse(text));
        Assert.Equal(name, expected.Name);
        Assert.Equal(expected, FusionOptions.Parse(name));
    }

    [Theory]
    [InlineData(""), InlineData("median"), InlineData("borda:3"), InlineData("borda@"), InlineData("borda@x"), InlineData("borda@-1"), InlineData("borda@99999999999")]
    [InlineData("rrf:"), InlineData("rrf:-1"), InlineData("rrf:1e3"), InlineData("rrf@2.5"), InlineData("combsum@25"), InlineData("combsum:1"), InlineData("softmax@25")]
    public void What_is_no_rule_is_refused_with_those_that_are(string text) =>
        Assert.Contains($"\"{text}\" is no fusion. Write borda,", Assert.Throws<InvalidInputException>(() => FusionOptions.Parse(text)).Message, StringComparison.Ordinal);

    [Theory, InlineData("borda@0", "depth"), InlineData("softmax:0", "temperature"), InlineData("softmax:nan", "temperature")]
    public void A_number_out_of_its_range_is_named(string text, string number) =>
        Assert.Contains(number, Assert.Throws<InvalidInputException>(() => FusionOptions.Parse(text)).Message, StringComparison.Ordinal);
}
