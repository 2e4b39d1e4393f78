namespace Malrule.Inference.Tokenization;

/// <summary>
/// GPT-2's table of bytes as printable characters: visible Latin-1 bytes stand for themselves, the others for U+0100, U+0101, … in order.
/// </summary>
internal static class ByteCharacters
{
    private static readonly char[] Characters = new char[256];
    private static readonly short[] Bytes = new short[256 + 68];

    static ByteCharacters()
    {
        Array.Fill(Bytes, (short)-1);
        char next = '\u0100';
        for (int b = 0; b < 256; b++)
        {
            bool visible = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            Characters[b] = visible ? (char)b : next++;
            Bytes[Characters[b]] = (short)b;
        }
    }

    public static char OfByte(byte b) => Characters[b];

    /// <summary>The byte a character stands for, −1 for a character that stands for none.</summary>
    public static int ToByte(char c) => c < Bytes.Length ? Bytes[c] : -1;
}
