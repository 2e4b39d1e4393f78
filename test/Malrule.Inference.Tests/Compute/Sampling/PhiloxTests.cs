using Malrule.Inference.Compute.Sampling;

namespace Malrule.Inference.Tests.Compute.Sampling;

public sealed unsafe class PhiloxTests
{
    /// <summary>Known answers published with Random123.</summary>
    [Fact]
    public void Words_are_those_of_the_published_vectors()
    {
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox.Words(0, 0, 0, 0, 0));
        Assert.Equal((0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu),
            Philox.Words(ulong.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue));
        Assert.Equal((0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            Philox.Words(0x299f31d0a4093822, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    [Fact]
    public void A_block_holds_the_word_of_each_token()
    {
        uint* words = stackalloc uint[Philox.Block];
        ulong* keys = stackalloc ulong[Philox.Prepared];
        foreach (ulong seed in (ulong[])[0, 1, 0xdead_beef_0123_4567])
        {
            Philox.Prepare(seed, 1234, keys);
            foreach (int first in (int[])[0, 32, 151_904])
            {
                Philox.Fill(keys, first, words);
                for (int i = 0; i < Philox.Block; i++)
                    Assert.Equal(Philox.Word(seed, 1234, first + i), words[i]);
            }
        }
    }
}
