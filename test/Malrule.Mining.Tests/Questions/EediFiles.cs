using System.Text;
using Malrule.Tests;

namespace Malrule.Mining.Tests.Questions;

/// <summary>Small data folders for tests, written as text.</summary>
internal static class EediFiles
{
    public const string Catalogue = "MisconceptionId,MisconceptionName\n0,Adds instead of multiplying\n7,\" Thinks 1:2\nis a half \"\n1672,Ignores brackets\n";

    public const string Header = "QuestionId,ConstructId,ConstructName,SubjectId,SubjectName,CorrectAnswer,QuestionText,AnswerAText,AnswerBText,AnswerCText,AnswerDText";

    public const string LabelledHeader = Header + ",MisconceptionAId,MisconceptionBId,MisconceptionCId,MisconceptionDId";

    public static string Write(string text, string name = "train.csv", Encoding? encoding = null)
    {
        string path = Path.Combine(TestPaths.TemporaryFolder(), name);
        File.WriteAllText(path, text, encoding ?? new UTF8Encoding(false));
        return path;
    }

    /// <summary>A folder with the files given as name and text.</summary>
    public static string Folder(params ReadOnlySpan<(string Name, string Text)> files)
    {
        string folder = TestPaths.TemporaryFolder();
        foreach ((string name, string text) in files)
            File.WriteAllText(Path.Combine(folder, name), text);
        return folder;
    }
}
