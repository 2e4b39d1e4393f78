using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Verification;

/// <summary>A copy of a model folder, to be damaged.</summary>
internal sealed class CheckpointCopy
{
    public CheckpointCopy(string source)
    {
        foreach (string file in System.IO.Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string target = PathOf(Path.GetRelativePath(source, file));
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    public static CheckpointCopy OfFixture(string name) => new(TestPaths.Data("fixtures", name));

    public static CheckpointCopy OfBundled(string name) => new(Path.Combine(TestPaths.Repository, "models", name));

    public string Directory { get; } = TestPaths.TemporaryFolder();

    public string PathOf(string file) => Path.Combine(Directory, file);

    public void EditText(string file, string from, string to)
    {
        string text = File.ReadAllText(PathOf(file));
        Assert.Contains(from, text);
        File.WriteAllText(PathOf(file), text.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>Gives a tensor another name of the same length.</summary>
    public void Rename(string tensor, string other) => EditWeights((bytes, _) =>
    {
        int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"\"{tensor}\""));
        Encoding.ASCII.GetBytes(other).CopyTo(bytes, at + 1);
    });

    public delegate void Edit(Span<byte> data);

    /// <summary>Changes the bytes of a tensor.</summary>
    public void EditTensor(string tensor, Edit edit) => EditWeights((bytes, header) =>
    {
        using var json = JsonDocument.Parse(bytes.AsMemory(8, header));
        JsonElement range = json.RootElement.GetProperty(tensor).GetProperty("data_offsets");
        int begin = 8 + header + range[0].GetInt32(), end = 8 + header + range[1].GetInt32();
        edit(bytes.AsSpan(begin, end - begin));
    });

    private void EditWeights(Action<byte[], int> edit)
    {
        byte[] bytes = File.ReadAllBytes(PathOf("model.safetensors"));
        edit(bytes, (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        File.WriteAllBytes(PathOf("model.safetensors"), bytes);
    }
}
