using Malrule.Mining.Results;

namespace Malrule.Mining.Tests.Results;

public sealed class PythonTextTests
{
    // The expected literals were printed by Python 3.
    [Theory]
    [InlineData("", "''")]
    [InlineData("it's", "\"it's\"")]
    [InlineData("say \"x\"", "'say \"x\"'")]
    [InlineData("it's \"x\"", "'it\\'s \"x\"'")]
    [InlineData("\\( 3 \\)\n", @"'\\( 3 \\)\n'")]
    [InlineData("\t\r\u0001\u007f\u0085\u00a0", @"'\t\r\x01\x7f\x85\xa0'")]
    [InlineData("\u00e9\u2220\u200b\u2028\ufeff", "'\u00e9\u2220\\u200b\\u2028\\ufeff'")]
    [InlineData("\U0001f600\U000e0001", "'\U0001f600\\U000e0001'")]
    [InlineData("\u3000x\u0378", @"'\u3000x\u0378'")]
    public void A_string_is_written_as_python_writes_it(string text, string expected) => Assert.Equal(expected, PythonText.Of(text));

    [Fact]
    public void A_lone_surrogate_is_escaped() => Assert.Equal(@"'\ud800'", PythonText.Of("\ud800"));

    [Theory]
    [InlineData(1, "1.0")]
    [InlineData(0, "0.0")]
    [InlineData(1 / 3.0, "0.3333333333333333")]
    [InlineData(1 / 7.0, "0.14285714285714285")]
    [InlineData(0.04, "0.04")]
    public void A_number_is_written_as_python_writes_it(double number, string expected) => Assert.Equal(expected, PythonText.Of(number));

    [Fact]
    public void Lists_are_written_as_python_writes_them()
    {
        Assert.Equal("['a', \"b's\"]", PythonText.Of(["a", "b's"]));
        Assert.Equal("[691, 1119]", PythonText.Of([691, 1119]));
        Assert.Equal("[]", PythonText.Of(Array.Empty<int>()));
    }
}
