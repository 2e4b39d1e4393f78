using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Malrule.Mining;

/// <summary>
/// The seed of one item of a run, so that its randomness depends on nothing but the run's seed and its own id: the first 8 bytes,
/// little-endian, of SHA-256 over the UTF-8 text <c>seed:id</c> (<c>1:1672_B</c>), cut to 52 bits so that JSON carries it exactly.
/// </summary>
public static class ItemSeed
{
    /// <summary>A number from 0 to 2^52 - 1.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="id">QuestionId_Answer, or another name of what is drawn for.</param>
    public static long Of(long seed, string id)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{seed}:{id}")));
        return (long)(BinaryPrimitives.ReadUInt64LittleEndian(digest) & ((1UL << 52) - 1));
    }
}
