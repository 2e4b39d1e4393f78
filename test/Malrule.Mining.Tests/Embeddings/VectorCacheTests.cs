using Malrule.Inference;
using Malrule.Mining.Embeddings;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Embeddings;

public sealed class VectorCacheTests : IDisposable
{
    private static readonly string[] Texts = ["adds the tops", "adds the bottoms", "multiplies \ud800"];
    private static readonly EmbeddingMatrix Vectors = new([1, -0f, float.Epsilon, 0.1f, 3, float.MaxValue], 3, 2);

    private readonly string _folder = TestPaths.TemporaryFolder();
    private readonly List<string> _notes = [];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private VectorCache Cache(string embedder = "a", long limit = VectorCache.DefaultLimit, string folder = "cache") => new(Path.Combine(_folder, folder), [embedder, "fast"], limit, _notes.Add);

    private string[] Files => Directory.GetFiles(Path.Combine(_folder, "cache"));

    [Fact]
    public void Vectors_come_back_bit_for_bit()
    {
        Assert.Null(Cache().Find(Texts));
        Cache().Keep(Texts, Vectors, truncated: 2);
        var found = Cache().Find(Texts)!.Value;
        Assert.Equal(Bits(Vectors), Bits(found.Vectors));
        Assert.Equal((3, 2, 2), (found.Vectors.Count, found.Vectors.Dimensions, found.Truncated));
        Assert.Contains(Files.Single(), Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_embedder_or_another_text_finds_nothing()
    {
        Cache().Keep(Texts, Vectors, 0);
        Assert.Null(Cache(embedder: "b").Find(Texts));
        Assert.Null(Cache().Find([.. Texts.Reverse()]));
        Assert.Null(Cache().Find(Texts[..2]));
        Assert.Null(Cache().Find(["adds the topsadds", " the bottoms", Texts[2]]));
        Assert.Null(Cache().Find([Texts[0], Texts[1], "multiplies \ud801"]));
        Assert.Empty(_notes);
    }

    [Fact]
    public void A_file_changed_anywhere_or_cut_is_not_used_and_said_to_be_damaged()
    {
        Cache().Keep(Texts, Vectors, 0);
        byte[] whole = File.ReadAllBytes(Files.Single());
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 4;
            File.WriteAllBytes(Files.Single(), i % 2 == 0 ? damaged : whole[..i]);
            Assert.Null(Cache().Find(Texts));
        }
        Assert.Equal(whole.Length, _notes.Count(note => note.Contains("damaged", StringComparison.Ordinal)));
        Cache().Keep(Texts, Vectors, 0);
        Assert.NotNull(Cache().Find(Texts));
    }

    [Fact]
    public void Files_used_longest_ago_make_room()
    {
        Cache("first").Keep(Texts, Vectors, 0);
        long size = new FileInfo(Files.Single()).Length;
        Cache("second").Keep(Texts, Vectors, 0);
        foreach (string file in Files)
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(file == Files[0] ? -2 : -1));
        Assert.NotNull(Cache("first").Find(Texts)); // now the second was used longest ago
        Cache("third", limit: 2 * size).Keep(Texts, Vectors, 0);
        Assert.Null(Cache("second").Find(Texts));
        Assert.NotNull(Cache("first").Find(Texts));
        Assert.NotNull(Cache("third").Find(Texts));
        Cache("fourth", limit: size - 1).Keep(Texts, Vectors, 0);
        Assert.Equal(2, Files.Length);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_costs_a_note_only()
    {
        File.WriteAllText(Path.Combine(_folder, "taken"), "");
        Cache(folder: "taken").Keep(Texts, Vectors, 0);
        Assert.Contains("not kept", Assert.Single(_notes), StringComparison.Ordinal);
        Assert.Null(Cache(folder: "taken").Find(Texts));
    }

    private static int[] Bits(EmbeddingMatrix vectors) => [.. vectors.Values.ToArray().Select(BitConverter.SingleToInt32Bits)];
}
