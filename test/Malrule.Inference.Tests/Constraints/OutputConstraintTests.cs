using System.Buffers;
using CsCheck;
using Malrule.Inference.Constraints;
using Malrule.Inference.Tests.Models;

namespace Malrule.Inference.Tests.Constraints;

public sealed class OutputConstraintTests
{
    private static TokenMasks Masks => new(new TokenTrie(TextFixture.Tokenizer, 1024));

    private static byte[] Bytes(int token)
    {
        var utf8 = new ArrayBufferWriter<byte>();
        bool isFirst = false;
        TextFixture.Tokenizer.AppendText(token, skipSpecialTokens: true, ref isFirst, utf8);
        return utf8.WrittenSpan.ToArray();
    }

    /// <summary>The walk of the vocabulary against every token tried on its own, along random outputs.</summary>
    [Fact]
    public void A_mask_holds_the_tokens_whose_bytes_the_automaton_lets_pass()
    {
        TokenMasks masks = Masks;
        Gen.Select(Patterns.Any, Gen.Int[0, 1_000_000]).Sample((pattern, seed) =>
        {
            ByteAutomaton automaton;
            try
            {
                automaton = AutomatonBuilder.Build(pattern);
            }
            catch (InvalidInputException)
            {
                return;
            }
            var random = new Random(seed);
            var constraint = new OutputConstraint(automaton, masks);
            int state = OutputConstraint.Start;
            for (int position = 0; position < 6; position++)
            {
                ulong[] mask = constraint.Mask(state).ToArray();
                Assert.Equal(1024 / 64, mask.Length);
                var allowed = new List<int>();
                for (int token = 0; token < 1024; token++)
                {
                    int next = state;
                    byte[] bytes = Bytes(token);
                    foreach (byte value in bytes)
                        next = next == ByteAutomaton.Dead ? next : automaton.Step(next, value);
                    bool expected = bytes.Length > 0 && next != ByteAutomaton.Dead;
                    Assert.True(expected == ((mask[token / 64] >> token & 1) != 0), $"{pattern}: token {token} at state {state}");
                    if (expected)
                    {
                        Assert.Equal(next, constraint.Advance(state, token));
                        allowed.Add(token);
                    }
                }
                if (allowed.Count == 0)
                {
                    Assert.True(constraint.MustEnd(state) && constraint.MayEnd(state));
                    break;
                }
                state = constraint.Advance(state, allowed[random.Next(allowed.Count)]);
            }
        }, iter: 10, threads: 1);
    }

    /// <summary>More states than masks are kept, by three constraints in turn: each gets its own, first seen or made again.</summary>
    [Fact]
    public void Masks_of_all_constraints_share_a_bounded_room()
    {
        TokenMasks masks = Masks;
        OutputConstraint[] constraints = [.. ((string[])["[ab]{600}", "[bc]{600}", "[cd]{600}"]).Select(pattern => new OutputConstraint(AutomatonBuilder.Build(pattern), masks))];
        string[] first = new string[3];
        for (int round = 0; round < 2; round++)
        {
            int[] states = new int[3];
            for (int position = 0; position < 600; position++)
                for (int i = 0; i < 3; i++)
                {
                    if (position < 590) // before tokens of several letters no longer fit
                        Assert.Equal(first[i] ??= Text(constraints[i]), Text(constraints[i], states[i]));
                    states[i] = constraints[i].Advance(states[i], Token((byte)('b' + i)));
                }
            Assert.All(states.Zip(constraints), end => Assert.True(end.Second.MustEnd(end.First)));
        }
        Assert.Equal(3, first.Distinct().Count());

        static string Text(OutputConstraint constraint, int state = OutputConstraint.Start) => string.Join(' ', constraint.Mask(state).ToArray());
        static int Token(byte letter) => Enumerable.Range(0, 1024).First(token => Bytes(token) is [var only] && only == letter);
    }

    [Fact]
    public void Special_tokens_are_never_allowed()
    {
        var mask = new OutputConstraint(AutomatonBuilder.Build("(.|\n)*"), Masks).Mask(OutputConstraint.Start);
        Assert.True(TextFixture.Tokenizer.IsSpecial(TextFixture.EndOfSequence));
        Assert.Equal(0UL, mask[TextFixture.EndOfSequence / 64] >> TextFixture.EndOfSequence % 64 & 1);
        Assert.Equal(1UL, mask[559 / 64] >> 559 % 64 & 1); // <tool_call> is added, but plain text
    }

    [Fact]
    public void Equal_requests_share_a_constraint_and_old_ones_are_forgotten()
    {
        var compiler = new ConstraintCompiler(TextFixture.Tokenizer, 1024);
        var choice = new StructuredOutputs { Choice = ["a", "b c"] };
        var first = compiler.Compile(choice);
        Assert.Same(first, compiler.Compile(new StructuredOutputs { Choice = ["a", "b c"] }));
        Assert.NotSame(first, compiler.Compile(new StructuredOutputs { Choice = ["a", "b", "c"] }));
        for (int i = 0; i < 16; i++)
            compiler.Compile(new StructuredOutputs { Regex = $"a{{{i + 1}}}" });
        Assert.NotSame(first, compiler.Compile(choice));
    }
}
