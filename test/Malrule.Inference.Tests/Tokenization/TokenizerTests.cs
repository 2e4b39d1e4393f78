using System.Globalization;
using CsCheck;
using Malrule.Inference.Tokenization;
using Malrule.Tests;

namespace Malrule.Inference.Tests.Tokenization;

public sealed class TokenizerTests
{
    private const string Vocabulary = """{"a":0,"b":1,"ab":2,"Ġ":3,"c":4}""";
    private static readonly Tokenizer Bytes = Tokenizer.Load(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json"));

    [Fact]
    public void Vocabulary_knows_tokens_ids_and_what_is_special()
    {
        int end = Bytes.TokenId("<|im_end|>")!.Value, call = Bytes.TokenId("<tool_call>")!.Value;
        Assert.Equal("<|im_end|>", Bytes.Token(end));
        Assert.True(Bytes.IsSpecial(end));
        Assert.False(Bytes.IsSpecial(call));
        Assert.False(Bytes.IsSpecial(-1));
        Assert.Equal("Ġ", Bytes.Token(Bytes.Encode(" ").Single()));
        Assert.Equal(Bytes.VocabularySize - 1, Bytes.TokenId("</tool_call>"));
        Assert.Null(Bytes.Token(Bytes.VocabularySize));
        Assert.Null(Bytes.Token(-1));
        Assert.Null(Bytes.TokenId("no such token"));
    }

    [Fact]
    public void Ids_beyond_the_vocabulary_decode_to_nothing() =>
        Assert.Equal("ab", Bytes.Decode([.. Bytes.Encode("a"), 9_999_999, -5, int.MaxValue, .. Bytes.Encode("b")]));

    [Fact]
    public void Half_a_surrogate_pair_counts_as_a_replacement_character()
    {
        Assert.Equal(Bytes.Encode("a\uFFFDb\uFFFD"), Bytes.Encode("a\uD83Db\uDC4D"));
        Assert.Equal("\uFFFDx", Bytes.Decode(Bytes.Encode("\uDC4Dx")));
    }

    [Fact]
    public void Any_text_decodes_to_its_composed_form() =>
        Gen.String[Gen.Char, 0, 200].Sample(text =>
        {
            string wellFormed = string.Concat(text.EnumerateRunes());
            string expected = UnicodeNormalization.Normalize(wellFormed, compatibility: false, compose: true);
            Assert.Equal(expected, Bytes.Decode(Bytes.Encode(text, addSpecialTokens: false), skipSpecialTokens: false));
        });

    [Fact]
    public void Ids_are_the_same_under_every_culture_and_from_many_threads()
    {
        Tokenizer words = Tokenizer.Load(TestPaths.Data("tokenizers", "bert-like", "tokenizer.json"));
        const string Text = "I İI ıI TITLE Straße ΣΑΣ 1,5 x² ñ 👍 don't";
        int[] expectedBytes = Bytes.Encode(Text), expectedWords = words.Encode(Text);
        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            // Under InvariantGlobalization named cultures exist only where they are predefined; this one brings its own separators.
            var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            odd.NumberFormat.NegativeSign = "~";
            odd.NumberFormat.NumberDecimalSeparator = ",";
            CultureInfo.CurrentCulture = odd;
            Parallel.For(0, 200, _ =>
            {
                Assert.Equal(expectedBytes, Bytes.Encode(Text));
                Assert.Equal(expectedWords, words.Encode(Text));
            });
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void A_long_word_is_merged_as_short_ones_are()
    {
        // 3,000 letters are one word for the pattern; a merge never crosses the sentence repeated within it differently.
        string word = string.Concat(Enumerable.Repeat("fractionsdecimals", 200));
        int[] ids = Bytes.Encode(word);
        Assert.Equal(word, Bytes.Decode(ids));
        Assert.Equal(NaiveMerge(word), ids);
    }

    [Fact]
    public void Truncation_and_padding_sections_change_nothing()
    {
        string text = string.Join(' ', Enumerable.Repeat("fraction", 40)); // the file says max_length 12
        Assert.True(Tokenizer.Load(TestPaths.Data("tokenizers", "bert-like", "tokenizer.json")).Encode(text).Length > 40);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"model":{"type":"BPE","vocab":""")]
    [InlineData("{}")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""", "model", "Unigram", "BPE and WordPiece")]
    [InlineData("""{"model":{"type":"BPE","vocab":{},"merges":[]}}""", "vocab", "empty")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":-1},"merges":[]}}""", "vocab.a", "-1")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":1.5},"merges":[]}}""", "vocab.a", "1.5")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":"x"},"merges":[]}}""", "vocab.a", "x")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":2000000000},"merges":[]}}""", "vocab.a", "2000000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":16000000},"merges":[]}}""", "16000000")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}}""", "id 0", "\"a\"", "\"b\"")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}}""", "twice")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}}""", "merges[0]", "\"ab\"")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"],["a","z"]]}}""", "merges[1]", "\"z\"")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}""", "merges[0]")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a","a","a"]]}}""", "merges[0]", "pair")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[7]}}""", "merges[0]", "7")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":{}}}""", "merges", "array")]
    [InlineData("""{"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0},"merges":[]}}""", "byte_fallback")]
    [InlineData("""{"model":{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}}""", "dropout")]
    [InlineData("""{"model":{"type":"BPE","unk_token":"<unk>","vocab":{"a":0},"merges":[]}}""", "unk_token", "<unk>")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0}}}""", "unk_token", "[UNK]")]
    [InlineData("""{"model":{"type":"WordPiece","unk_token":"a","max_input_chars_per_word":1000000000,"vocab":{"a":0}}}""", "max_input_chars_per_word")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"\ud800":0},"merges":[]}}""", "Unicode")]
    public void A_bad_file_is_refused_by_name_and_place(string json, params string[] words) => Refused(json, words);

    [Theory]
    [InlineData("normalizer", """{"type":"Precompiled"}""", "normalizer", "Precompiled")]
    [InlineData("normalizer", """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace"}]}""", "normalizer.normalizers[1]", "Replace")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace"}""", "pre_tokenizer", "Metaspace")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(?<=a)b"},"behavior":"Isolated"}""", "pre_tokenizer.pattern", "(?<=")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"}""", "pre_tokenizer.pattern", "never closed")]
    [InlineData("pre_tokenizer", """{"type":"Split","pattern":{"Regex":"a"},"behavior":"Exploded"}""", "pre_tokenizer.behavior", "Exploded", "Isolated")]
    [InlineData("pre_tokenizer", "7", "pre_tokenizer", "object")]
    [InlineData("decoder", """{"type":"Metaspace"}""", "decoder", "Metaspace")]
    [InlineData("post_processor", """{"type":"Oddity"}""", "post_processor", "Oddity")]
    [InlineData("post_processor", """{"type":"BertProcessing","sep":["c",4],"cls":["x",77]}""", "post_processor.cls", "77")]
    [InlineData("post_processor", """{"type":"TemplateProcessing","single":[],"special_tokens":{}}""", "post_processor.single", "sequence A")]
    [InlineData("added_tokens", """[{"id":0,"content":"new"}]""", "added_tokens[0]", "\"a\"")]
    [InlineData("added_tokens", """[{"id":9,"content":"a"}]""", "added_tokens[0]", "id 0")]
    [InlineData("added_tokens", """[{"id":-1,"content":"x"}]""", "added_tokens[0].id", "-1")]
    [InlineData("added_tokens", """[{"id":9,"content":""}]""", "added_tokens[0].content")]
    [InlineData("added_tokens", """[{"content":"x"}]""", "added_tokens[0].id", "missing")]
    public void A_bad_section_is_refused_by_name_and_place(string section, string json, params string[] words) =>
        Refused($$$"""{"{{{section}}}":{{{json}}},"model":{"type":"BPE","vocab":{{{Vocabulary}}},"merges":["a b"]}}""", words);

    [Fact]
    public void A_missing_file_is_refused() =>
        Assert.Contains("absent.json", Assert.Throws<InvalidInputException>(() => Tokenizer.Load(Path.Combine(Path.GetTempPath(), "absent.json"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_character_that_the_vocabulary_lacks_is_an_error_or_the_unknown_token()
    {
        string model = $$$"""{"model":{"type":"BPE","vocab":{{{Vocabulary}}},"merges":["a b"]}}""";
        Assert.Equal([2, 4], Load(model).Encode("abc"));
        Assert.Contains("\"z\"", Assert.Throws<InvalidInputException>(() => Load(model).Encode("abz")).Message, StringComparison.Ordinal);
        string withUnknown = $$$"""{"model":{"type":"BPE","unk_token":"c","vocab":{{{Vocabulary}}},"merges":["a b"]}}""";
        Assert.Equal([2, 4, 4, 2], Load(withUnknown).Encode("abxyab"));
        Assert.Equal([2, 4, 2], Load(withUnknown.Replace("\"unk_token\"", "\"fuse_unk\":true,\"unk_token\"", StringComparison.Ordinal)).Encode("abxyab"));
    }

    [Fact]
    public void A_word_longer_than_the_limit_is_one_unknown_token()
    {
        Tokenizer tokenizer = Load("""{"model":{"type":"WordPiece","unk_token":"?","max_input_chars_per_word":3,"vocab":{"?":0,"a":1,"##a":2}}}""");
        Assert.Equal([1, 2, 2], tokenizer.Encode("aaa"));
        Assert.Equal([0], tokenizer.Encode("aaaa"));
    }

    [Fact]
    public void Of_added_tokens_that_start_alike_the_longest_counts()
    {
        Tokenizer tokenizer = Load("""
            {"added_tokens":[{"id":3,"content":"<a"},{"id":4,"content":"<ab"}],"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2},"merges":[]}}
            """);
        Assert.Equal([4, 2, 3, 2], tokenizer.Encode("<abc<ac"));
    }

    /// <summary>As in Hugging Face's map from pairs to ranks.</summary>
    [Theory]
    [InlineData("""["a b","b c"]""", new[] { 3, 2 })]
    [InlineData("""["a b","b c","a b"]""", new[] { 0, 4 })]
    public void A_pair_that_is_listed_twice_has_its_last_rank(string merges, int[] ids) => Assert.Equal(
        ids, Load($$$"""{"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"bc":4},"merges":{{{merges}}}}}""").Encode("abc"));

    [Fact]
    public void A_pattern_that_explodes_ends_in_an_error()
    {
        Tokenizer tokenizer = Load($$$"""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(?:a|a)*b"},"behavior":"Isolated"},"model":{"type":"BPE","vocab":{{{Vocabulary}}},"merges":[]}}""");
        Assert.Contains("backtracks", Assert.Throws<InvalidInputException>(() => tokenizer.Encode(new string('a', 60) + "c")).Message, StringComparison.Ordinal);
    }

    private static void Refused(string json, string[] words)
    {
        string message = Assert.Throws<InvalidInputException>(() => Load(json)).Message;
        Assert.Contains("tokenizer.json", message, StringComparison.Ordinal);
        foreach (string word in words)
            Assert.Contains(word, message, StringComparison.Ordinal);
    }

    private static Tokenizer Load(string json)
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), "tokenizer.json");
        File.WriteAllText(path, json);
        return Tokenizer.Load(path);
    }

    /// <summary>Byte-pair merging as its definition has it: find the pair of lowest rank, merge the leftmost, begin again.</summary>
    private static int[] NaiveMerge(string word)
    {
        using var file = System.Text.Json.JsonDocument.Parse(File.ReadAllBytes(TestPaths.Data("tokenizers", "qwen-like", "tokenizer.json")));
        Dictionary<(string, string), int> ranks = file.RootElement.GetProperty("model").GetProperty("merges").EnumerateArray()
            .Select((merge, rank) => (Pair: (merge[0].GetString()!, merge[1].GetString()!), rank)).ToDictionary(item => item.Pair, item => item.rank);
        List<string> parts = [.. word.Select(c => c.ToString())];
        while (true)
        {
            int best = -1, bestRank = int.MaxValue;
            for (int i = 0; i + 1 < parts.Count; i++)
                if (ranks.TryGetValue((parts[i], parts[i + 1]), out int rank) && rank < bestRank)
                    (best, bestRank) = (i, rank);
            if (best < 0)
                return [.. parts.Select(part => Bytes.TokenId(part)!.Value)];
            parts[best] += parts[best + 1];
            parts.RemoveAt(best + 1);
        }
    }
}
