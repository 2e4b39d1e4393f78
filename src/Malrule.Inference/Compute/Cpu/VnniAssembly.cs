using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Malrule.Inference.Compute.Cpu;

/// <summary>
/// Writes the machine code of one integer kernel: .NET has no intrinsic for the EVEX form of VPDPBUSD (u8 weights × s8 activations
/// summed by fours into int32 lanes). Lanes are output columns; each instruction broadcasts its four activations from memory.
/// The code is position independent, a leaf of one pointer (<see cref="GemmArguments"/>), and touches registers that both x64
/// calling conventions let it touch, but for xmm6–15, saved where Windows asks for it.
/// <para>zmm0…: fp32 accumulators t of the rows, then their int32 accumulators; zmm28 the offset, zmm29–30 weights, zmm31 the mask of high nibbles, or the zero of 8-bit weights.</para>
/// </summary>
internal readonly ref struct VnniAssembly
{
    private const int Steps = QuantizedRows.Subgroup / 4; // k advances by 4 each VPDPBUSD
    private const int Line = 64;

    // Offsets in GemmArguments.
    private const int WeightsOffset = 0, ScalesOffset = 8, ActivationsOffset = 16, PrefetchOffset = 24, OutputOffset = 32,
        OutputStrideOffset = 40, InitialOffset = 48, InitialStrideOffset = 56, GroupsOffset = 64, SubgroupsOffset = 72, NextOutputOffset = 80;

    private static readonly AssemblerRegister64 Weights = rax, Activations = rdx, Prefetch = r8, Output = r9, Scales = r10;
    private static readonly AssemblerRegister64 Subgroups = r11, Initial = r11; // by turns
    private static readonly AssemblerRegisterZMM Offset = zmm28, EvenWeights = zmm29, OddWeights = zmm30, Constant = zmm31;

    private readonly Assembler _c = new(64);
    private readonly AssemblerRegister64 _arguments;
    private readonly WeightForm _form;
    private readonly int _rows;

    /// <summary>int32 accumulators of a row: with few rows, several, so that one chain of additions does not set the pace.</summary>
    private readonly int _chains;

    private VnniAssembly(WeightForm form, int rows, bool windows)
    {
        (_form, _rows) = (form, rows);
        _arguments = windows ? rcx : rdi;
        _chains = rows <= 2 ? 4 : rows <= 6 ? 2 : 1;
    }

    /// <summary>Appends the code of the kernel for tiles of <paramref name="rows"/> rows.</summary>
    public static void Write(Stream code, WeightForm form, int rows, bool windows)
    {
        var assembly = new VnniAssembly(form, rows, windows);
        assembly.Function(windows);
        assembly._c.Assemble(new StreamCodeWriter(code), rip: 0);
    }

    private void Function(bool windows)
    {
        Label nextGroup = _c.CreateLabel(), nextSubgroup = _c.CreateLabel(), nibbleShifts = _c.CreateLabel(), sixteen = _c.CreateLabel(), sixteenth = _c.CreateLabel();
        if (windows)
            SaveXmm(_c);
        _c.mov(Weights, __[_arguments + WeightsOffset]);
        _c.mov(Scales, __[_arguments + ScalesOffset]);
        _c.mov(Activations, __[_arguments + ActivationsOffset]);
        _c.mov(Prefetch, __[_arguments + PrefetchOffset]);
        _c.mov(Output, __[_arguments + OutputOffset]);
        _c.mov(__[_arguments + NextOutputOffset], Output);
        _c.mov(r11d, _form == WeightForm.Int4 ? unchecked((int)0xF0F0F0F0) : BitConverter.SingleToInt32Bits(128));
        _c.vpbroadcastd(Constant, r11d);
        _c.mov(r11d, QuantizedRows.OffsetBits);
        _c.vpbroadcastd(Offset, r11d);

        _c.Label(ref nextGroup);
        StartGroup(nibbleShifts, sixteen);
        _c.mov(Subgroups, __[_arguments + SubgroupsOffset]);
        _c.Label(ref nextSubgroup);
        Multiply();
        Fold();
        _c.dec(Subgroups);
        _c.jne(nextSubgroup);
        EndGroup(sixteenth);
        _c.dec(__qword_ptr[_arguments + GroupsOffset]);
        _c.jne(nextGroup);

        _c.vzeroupper();
        if (windows)
            RestoreXmm(_c);
        _c.ret();
        if (_form == WeightForm.Int4)
        {
            _c.Label(ref nibbleShifts);
            for (uint nibble = 0; nibble < 8; nibble++)
                _c.dd(28 - 4 * nibble, 28 - 4 * nibble);
            _c.Label(ref sixteen);
            _c.dd(16f);
            _c.Label(ref sixteenth);
            _c.dd(1 / 16f);
        }
    }

    /// <summary>t = zero · (−Σ scale·Σa) − offset · Σ scale; the activations' pointer moves on to the first subgroup.</summary>
    private void StartGroup(Label nibbleShifts, Label sixteen)
    {
        var zeros = _form == WeightForm.Int8 ? Constant : Accumulator(0, 0);
        switch (_form)
        {
            case WeightForm.Int4: // two words of 8 nibbles to 16 lanes
                _c.vpbroadcastq(zeros, __qword_ptr[Scales + 32]);
                _c.vpsllvd(zeros, zeros, __zmmword_ptr[nibbleShifts]);
                _c.vpsrld(zeros, zeros, 28);
                _c.vcvtdq2ps(zeros, zeros);
                _c.vmulps(zeros, zeros, __dword_bcst[sixteen]);
                break;
            case WeightForm.Unpacked:
                _c.vmovups(zeros, __zmmword_ptr[Scales + 64]);
                break;
        }
        for (int row = 0; row < _rows; row++)
        {
            _c.vbroadcastss(Sum(row), __dword_ptr[Activations + 4 * (_rows + row)]);
            _c.vfmadd231ps(Sum(row), zeros, __dword_bcst[Activations + 4 * row]);
        }
        _c.add(Activations, 8 * _rows);
        _c.mov(r11, __[_arguments + NextOutputOffset]);
        for (int row = 0; row < 2; row++)
        {
            _c.prefetchw(__byte_ptr[r11]);
            _c.add(r11, __[_arguments + OutputStrideOffset]);
        }
        _c.mov(__[_arguments + NextOutputOffset], r11);
    }

    /// <summary>accumulators = the bits of offset + Σ q·a over a subgroup.</summary>
    private void Multiply()
    {
        for (int row = 0; row < _rows; row++)
        {
            _c.vmovdqa32(Accumulator(row, 0), Offset);
            for (int chain = 1; chain < _chains; chain++)
                _c.vpxord(Accumulator(row, chain), Accumulator(row, chain), Accumulator(row, chain));
        }
        for (int step = 0; step < Steps; step++)
        {
            var weights = step % 2 == 0 ? EvenWeights : OddWeights;
            if (_form != WeightForm.Int4)
            {
                _c.vmovdqu64(weights, __zmmword_ptr[Weights + step * Line]);
            }
            else if (step % 2 == 0)
            {
                _c.vpslld(EvenWeights, __zmmword_ptr[Weights + step / 2 * Line], 4);
                _c.vpandd(EvenWeights, EvenWeights, Constant);
                _c.vpandd(OddWeights, Constant, __zmmword_ptr[Weights + step / 2 * Line]);
            }
            for (int row = 0; row < _rows; row++)
                _c.vpdpbusd(Accumulator(row, step % _chains), weights, __dword_bcst[Activations + Quantized(row) + 4 * step]);
        }
        for (int stride = _chains / 2; stride > 0; stride /= 2)
        {
            for (int row = 0; row < _rows; row++)
            {
                for (int chain = 0; chain < stride; chain++)
                    _c.vpaddd(Accumulator(row, chain), Accumulator(row, chain), Accumulator(row, chain + stride));
            }
        }
    }

    /// <summary>t += scale · accumulator, and on to the next subgroup.</summary>
    private void Fold()
    {
        for (int row = 0; row < _rows; row++)
            _c.vfmadd231ps(Sum(row), Accumulator(row, 0), __dword_bcst[Activations + 4 * row]);
        int prefetched = _form == WeightForm.Int8 ? Steps : Steps / 2;
        for (int line = 0; line < prefetched; line++)
            _c.prefetcht1(__byte_ptr[Prefetch + line * Line]);
        _c.add(Prefetch, prefetched * Line);
        _c.add(Weights, (_form == WeightForm.Int4 ? Steps / 2 : Steps) * Line);
        _c.add(Activations, Quantized(_rows));
    }

    /// <summary>output = (output so far, or bias) + groupScale · t, and on to the next group.</summary>
    private void EndGroup(Label sixteenth)
    {
        var scales = Accumulator(0, 0);
        switch (_form)
        {
            case WeightForm.Int4:
                _c.vcvtph2ps(scales, __ymmword_ptr[Scales]);
                _c.vmulps(scales, scales, __dword_bcst[sixteenth]);
                break;
            case WeightForm.Int8: // bf16
                _c.vpmovzxwd(scales, __ymmword_ptr[Scales]);
                _c.vpslld(scales, scales, 16);
                break;
            default:
                _c.vmovups(scales, __zmmword_ptr[Scales]);
                break;
        }
        _c.add(Scales, QuantizedPanels.HeaderBytes(_form));
        _c.mov(Initial, __[_arguments + InitialOffset]);
        _c.mov(Output, __[_arguments + OutputOffset]);
        for (int row = 0; row < _rows; row++)
        {
            _c.vfmadd213ps(Sum(row), scales, __zmmword_ptr[Initial]);
            _c.vmovups(__zmmword_ptr[Output], Sum(row));
            _c.add(Initial, __[_arguments + InitialStrideOffset]);
            _c.add(Output, __[_arguments + OutputStrideOffset]);
        }
        _c.mov(Output, __[_arguments + OutputOffset]);
        _c.mov(__[_arguments + InitialOffset], Output);
        _c.mov(Output, __[_arguments + OutputStrideOffset]);
        _c.mov(__[_arguments + InitialStrideOffset], Output);
    }

    /// <summary>The registers that Windows wants back; elsewhere there are none.</summary>
    public static void SaveXmm(Assembler c)
    {
        c.sub(rsp, 168);
        for (int i = 6; i < 16; i++)
            c.vmovups(__xmmword_ptr[rsp + 16 * (i - 6)], new AssemblerRegisterXMM(Register.XMM0 + i));
    }

    public static void RestoreXmm(Assembler c)
    {
        for (int i = 6; i < 16; i++)
            c.vmovups(new AssemblerRegisterXMM(Register.XMM0 + i), __xmmword_ptr[rsp + 16 * (i - 6)]);
        c.add(rsp, 168);
    }

    /// <summary>Offset of a row's bytes in the tile's subgroup, which starts with the rows' scales.</summary>
    private int Quantized(int row) => 4 * _rows + QuantizedRows.Subgroup * row;

    private static AssemblerRegisterZMM Sum(int row) => new(Register.ZMM0 + row);
    private AssemblerRegisterZMM Accumulator(int row, int chain) => new(Register.ZMM0 + _rows + chain * _rows + row);
}
