using Malrule.Inference;

namespace Malrule.Cli.Doctor;

/// <summary>Collects the facts of a <see cref="DoctorReport"/> and says which of them matter.</summary>
internal sealed class Examination
{
    private const long LittleDisk = 3L << 30; // a 3B checkpoint at 4 bits takes two thirds of it
    private const long LeastMemory = 512L << 20; // the bundled models and a run of their bank

    private static readonly string[] Variables =
    [
        "HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "DOTNET_gcServer", "DOTNET_GCHeapHardLimit", "NO_COLOR",
    ];

    private readonly List<string> _problems = [], _hints = [];

    /// <param name="threads">Threads to measure the peaks with; null: they are not measured.</param>
    /// <param name="model">A model to examine too, or null.</param>
    /// <param name="options">How it would be loaded.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<DoctorReport> RunAsync(int? threads, string? model, EngineOptions options, CancellationToken cancellationToken)
    {
        MachineReport machine = await Task.Run(() => MachineReport.Take(threads), cancellationToken).ConfigureAwait(false);
        Judge(machine);
        HubReport hub = Hub();
        Judge(hub);
        foreach (string bundled in (string[])[Bundled.Bank, Bundled.Model, Bundled.Embedder])
            if (!Directory.Exists(bundled))
                _problems.Add($"{bundled}, which comes with the tool, is not there; install it again.");
        ModelReport? report = null;
        EmbedderReport? embedder = null;
        if (model is not null)
            try
            {
                if (TextEmbedder.CanLoad(model))
                    embedder = EmbedderReport.Of(await TextEmbedder.PlanAsync(model, new EmbedderOptions { Device = options.Device, Mode = options.Mode, Threads = options.Threads }, cancellationToken).ConfigureAwait(false));
                else
                    report = ModelReport.Of(await LlmEngine.PlanAsync(model, options, cancellationToken).ConfigureAwait(false));
            }
            catch (MalruleException error)
            {
                _problems.Add(error.Message);
            }
        return new DoctorReport(machine, hub, report, embedder, _problems, _hints);
    }

    private HubReport Hub()
    {
        var set = Variables.Select(name => (Name: name, Value: Environment.GetEnvironmentVariable(name))).Where(variable => !string.IsNullOrEmpty(variable.Value))
            .ToDictionary(variable => variable.Name, variable => IsSecret(variable.Name) ? "set" : variable.Value!);
        try
        {
            var options = new HubDownloadOptions();
            return new HubReport(options.CacheDirectory, FreeDisk(options.CacheDirectory), options.Endpoint, options.Offline, options.TokenSource, set, HubCache.List(options.CacheDirectory));
        }
        catch (InvalidInputException error)
        {
            _problems.Add(error.Message);
            return new HubReport(HubCache.Root(), null, "", false, null, set, []);
        }
    }

    private static long? FreeDisk(string folder)
    {
        string? existing = Path.GetFullPath(folder);
        while (existing is not null && !Directory.Exists(existing)) // the cache is made by the first download
            existing = Path.GetDirectoryName(existing);
        try
        {
            return existing is null ? null : new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(existing)! : existing).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null; // a network share without a drive letter
        }
    }

    // A proxy's address may hold a password.
    private static bool IsSecret(string name) => name is "HF_TOKEN" or "HUGGING_FACE_HUB_TOKEN" or "HTTPS_PROXY" or "ALL_PROXY";

    private void Judge(MachineReport machine)
    {
        if (machine.FreeMemoryBytes < LeastMemory)
            _problems.Add($"{machine.FreeMemoryBytes >> 20} MiB of memory are free; even the bundled models need {LeastMemory >> 20} MiB. End other programs, or raise the container's limit.");
        if (machine.Architecture == "x64" && !machine.ExecutablePages)
            _hints.Add("The system refuses executable pages, so the fastest kernels, which are generated at start, cannot run. Allow them (SELinux: execmem; systemd: MemoryDenyWriteExecute=no).");
        if (machine.KernelPaths[0] == "portable")
            _hints.Add("This processor has neither AVX2 nor AVX-512: everything works, slowly.");
        if (machine.HugePages == "never")
            _hints.Add("Transparent huge pages are off, which slows memory down. To allow them: echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled");
    }

    private void Judge(HubReport hub)
    {
        foreach (CachedModel model in hub.Models.Where(model => model.Missing.Count > 0))
            _hints.Add($"{model.Id} is not complete: it lacks {string.Join(", ", model.Missing.Take(3))}{(model.Missing.Count > 3 ? " …" : "")}. If its weights are safetensors, go on with: malrule pull {model.Id}");
        if (hub.Models.Count == 0)
            _hints.Add("No model is in the cache; the bundled ones need none. To get one: malrule pull Qwen/Qwen2.5-0.5B-Instruct-AWQ");
        if (hub.FreeDiskBytes < LittleDisk)
            _hints.Add($"{hub.FreeDiskBytes >> 20} MiB are free on the disk of the cache; HF_HUB_CACHE can name a folder on another.");
        if (hub.Offline)
            _hints.Add("HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set: malrule pull downloads nothing.");
    }
}
