namespace Malrule.Inference.Checkpoints;

/// <summary>
/// The tensors of a Hugging Face model folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c>
/// names. Looks tensors up by name and checks their shapes; remembers which were asked for.
/// </summary>
internal sealed class Checkpoint : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _fileOfTensor = [];
    private readonly HashSet<string> _used = [];

    private readonly List<string>? _problems;

    private Checkpoint(string directory, List<string>? problems) => (Directory, _problems) = (directory, problems);

    public string Directory { get; }

    /// <summary>The number of tensors, whether anything asks for them or not.</summary>
    public int Count => _fileOfTensor.Count;

    /// <param name="directory">The model folder.</param>
    /// <param name="problems">
    /// Where given, a missing or wrong tensor is told here instead of refused, and one without data stands in its place: for looking a
    /// checkpoint through, not for computing with it.
    /// </param>
    public static Checkpoint Open(string directory, List<string>? problems = null)
    {
        var checkpoint = new Checkpoint(directory, problems);
        try
        {
            foreach (string file in ListFiles(directory))
            {
                var opened = SafetensorsFile.Open(file);
                checkpoint._files.Add(opened);
                foreach (string name in opened.Names)
                    if (!checkpoint._fileOfTensor.TryAdd(name, opened))
                        throw new InvalidInputException($"{file}: tensor '{name}' stands in {checkpoint._fileOfTensor[name].Path} too.");
            }
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => _fileOfTensor.ContainsKey(name);

    /// <summary>Tensors that nothing asked for: reported, not refused (an <c>lm_head</c> beside tied embeddings).</summary>
    public IReadOnlyList<string> Unused => [.. _fileOfTensor.Keys.Where(name => !_used.Contains(name)).Order(StringComparer.Ordinal)];

    /// <summary>The named tensor, of floating point and of exactly this shape.</summary>
    public DenseTensor Tensor(string name, params ReadOnlySpan<int> shape)
    {
        var tensor = Find(name, DType.F32, shape);
        return tensor.DType != DType.I32 ? tensor
            : Refuse($"{_fileOfTensor[name].Path}: tensor '{name}' has type I32; expected F16, BF16 or F32.", name, DType.F32, shape);
    }

    /// <summary>
    /// A linear layer: AWQ where the checkpoint is quantised and the layer is not exempt, else dense.
    /// A bias is taken where <paramref name="bias"/> says the architecture has one.
    /// </summary>
    public LinearSource Linear(string name, int inputs, int outputs, bool bias, AwqConfig? awq = null)
    {
        var biasTensor = bias ? Tensor($"{name}.bias", outputs) : null;
        if (awq is null || !awq.Converts(name))
            return new DenseLinear(name, inputs, outputs, Tensor($"{name}.weight", outputs, inputs), biasTensor);

        int group = awq.GroupSize;
        if (inputs % group != 0 || outputs % 8 != 0)
            throw new InvalidInputException(
                $"{Directory}: layer '{name}' has {inputs} inputs and {outputs} outputs; AWQ needs multiples of its group size {group} and of 8.");
        return new AwqLinear(name, inputs, outputs, group,
            Packed($"{name}.qweight", inputs, outputs / 8), Packed($"{name}.qzeros", inputs / group, outputs / 8),
            Scales($"{name}.scales", inputs / group, outputs), biasTensor);
    }

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private DenseTensor Packed(string name, int rows, int columns)
    {
        var tensor = Find(name, DType.I32, [rows, columns]);
        return tensor.DType == DType.I32 ? tensor
            : Refuse($"{_fileOfTensor[name].Path}: tensor '{name}' has type {tensor.DType}; AWQ packs it as I32.", name, DType.I32, [rows, columns]);
    }

    private DenseTensor Scales(string name, int rows, int columns)
    {
        var tensor = Find(name, DType.F16, [rows, columns]);
        return tensor.DType == DType.F16 ? tensor
            : Refuse($"{_fileOfTensor[name].Path}: tensor '{name}' has type {tensor.DType}; AWQ stores scales as F16.", name, DType.F16, [rows, columns]);
    }

    /// <summary>The named tensor; <paramref name="dtype"/> is that of a stand-in.</summary>
    private DenseTensor Find(string name, DType dtype, ReadOnlySpan<int> shape)
    {
        if (!_fileOfTensor.TryGetValue(name, out var file))
            return Refuse($"{Directory}: tensor '{name}' is missing; the checkpoint has {_fileOfTensor.Count} tensors{Nearest(name)}.", name, dtype, shape);
        _used.Add(name);
        var tensor = file.Tensor(name);
        return shape.SequenceEqual(tensor.Shape) ? tensor : Refuse(
            $"{file.Path}: tensor '{name}' has shape [{string.Join(", ", tensor.Shape)}]; config.json asks for [{string.Join(", ", shape.ToArray())}].", name, dtype, shape);
    }

    private unsafe DenseTensor Refuse(string problem, string name, DType dtype, ReadOnlySpan<int> shape)
    {
        if (_problems is null)
            throw new InvalidInputException(problem);
        _problems.Add(problem);
        return new DenseTensor(name, dtype, shape.ToArray(), null);
    }

    private string Nearest(string name)
    {
        string layer = name[..(name.LastIndexOf('.') + 1)];
        string[] alike = [.. _fileOfTensor.Keys.Where(other => layer.Length > 0 && other.StartsWith(layer, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(4)];
        return alike.Length == 0 ? "" : $", under '{layer}' only {string.Join(", ", alike)}";
    }

    private static IEnumerable<string> ListFiles(string directory)
    {
        string index = Path.Combine(directory, IndexFile), single = Path.Combine(directory, SingleFile);
        if (!File.Exists(index))
            return File.Exists(single) ? [single] : throw new InvalidInputException(
                $"{directory}: no weights; expected {SingleFile} or {IndexFile} with its shards (GGUF, .bin and ONNX files are not read).");

        var shards = ConfigFile.Read(index).Strings("weight_map").Values.Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (string shard in shards)
            if (shard.Length == 0 || Path.GetFileName(shard) != shard)
                throw new InvalidInputException($"{index}: weight_map names the file '{shard}'; expected a file of the same folder.");
        return shards.Select(shard => Path.Combine(directory, shard));
    }
}
