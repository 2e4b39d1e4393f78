using System.Collections.Concurrent;

[assembly: AssemblyFixture(typeof(Malrule.Tests.TemporaryFolders))]

namespace Malrule.Tests;

/// <summary>The tests' temporary folders; what is left of them goes after the last test. (A process that exits is given seconds only, and disks may be slow.)</summary>
public sealed class TemporaryFolders : IDisposable
{
    private static readonly ConcurrentBag<string> Made = [];

    public void Dispose()
    {
        foreach (string folder in Made.Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    internal static string Make()
    {
        string folder = Directory.CreateTempSubdirectory("malrule-test-").FullName;
        Made.Add(folder);
        return folder;
    }
}
