using Malrule.Inference;
using Malrule.Tests;

namespace Malrule.Mining.Tests;

public sealed class RunFolderTests
{
    [Fact]
    public void A_folder_in_use_is_refused_until_it_is_let_go()
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), "run");
        using (RunFolder.Open(path))
            Assert.Contains("in use by another process", Assert.Throws<InvalidInputException>(() => RunFolder.Open(path)).Message, StringComparison.Ordinal);
        RunFolder.Open(path).Dispose();
    }

    [Fact]
    public void A_file_in_its_place_is_named()
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), "run");
        File.WriteAllText(path, "");
        Assert.Contains("is a file", Assert.Throws<InvalidInputException>(() => RunFolder.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unwritable_place_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "/proc is a place where nobody can make folders on Linux");
        Assert.Contains("cannot be written", Assert.ThrowsAny<MalruleException>(() => RunFolder.Open("/proc/run")).Message, StringComparison.Ordinal);
    }
}
