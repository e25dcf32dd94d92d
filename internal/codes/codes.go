package codes

import (
	"slices"
	"strings"
	"sync"
)

// A Code names a kind of problem: stable, in kebab case. It stays the same when messages are reworded.
type Code string

// A Kind is how bad a problem is, and who is told of it.
type Kind uint8

// The kinds of problems.
const (
	Error         Kind   = iota // everybody is told
	Warning                     // everybody is told
	OurError                    // the peer has no such rule: an error on a workstation, a warning at boot
	OurWarning                  // the peer has no such rule: a warning on a workstation and at boot
	LaxWarning                  // an error under the peer's names, a warning of ours
	PeersError                  // only under the peer's names
	PeersWarning                // only under the peer's names
	Advice                      // a workstation is told what would be better; no verdict depends on it
	NumberOfKinds = iota        // how many there are
)

// A Telling is what each listener hears of a kind of problem: "error", "warning", "advice", or "" for nothing.
type Telling struct {
	// Command is the one that tells a workstation; Kind.Told leaves it open.
	Command     string `json:"command,omitempty"`
	Workstation string `json:"workstation"`
	Boot        string `json:"boot"`
	Peer        string `json:"peer"`
}

// CanBeIgnored: a workstation is told of it as a warning or as advice. Errors are never ignored.
func (r Row) CanBeIgnored() bool {
	return slices.ContainsFunc(r.Kinds(), func(k Kind) bool {
		told := k.Told().Workstation
		return told == "warning" || told == "advice"
	})
}

// Told says who is told of a problem of this kind, and as what.
func (k Kind) Told() Telling {
	told := [NumberOfKinds][3]string{
		Error:        {"error", "error", "error"},
		Warning:      {"warning", "warning", "warning"},
		OurError:     {"error", "warning", ""},
		OurWarning:   {"warning", "warning", ""},
		LaxWarning:   {"warning", "warning", "error"},
		PeersError:   {"", "", "error"},
		PeersWarning: {"", "", "warning"},
		Advice:       {"advice", "", ""},
	}[k]
	return Telling{Workstation: told[0], Boot: told[1], Peer: told[2]}
}

// Warns tells whether a workstation is warned.
func (k Kind) Warns() bool { return k.Told().Workstation == "warning" }

// String gives the words of the docs.
func (k Kind) String() string {
	return [NumberOfKinds]string{
		Error: "error", Warning: "warning", OurError: "error, stricter", OurWarning: "warning, stricter",
		LaxWarning: "warning, laxer", PeersError: "error, peer only", PeersWarning: "warning, peer only",
		Advice: "advice",
	}[k]
}

// A Row is all that is known of a code.
type Row struct {
	Code Code
	Kind Kind   // what it mostly is
	Also []Kind // what it is in some cases
	Line string // what it means, in one line
	Do   string // what to do, in one line
	Why  string // why it matters, and what else helps
}

// Kinds lists the kinds that a problem with this code can be of, the usual one first. Beside them there is what follows
// from how problems are found: in a config that is inside of a document an error is told as a rule of ours, because the
// boot will judge that config by itself, and the peer says some things twice.
func (r Row) Kinds() []Kind { return append([]Kind{r.Kind}, r.Also...) }

// Told says who is told of a problem with this code, as what, and by which command.
func (r Row) Told() Telling {
	told, way := r.Kind.Told(), r.Show().By.way()
	told.Command = way.teller
	if !way.boot {
		told.Boot = ""
	}
	if !way.peer {
		told.Peer = ""
	}
	return told
}

// Severity gives the words of the docs for how bad the problem is: "error, warning, stricter".
func (r Row) Severity() string {
	var words []string
	for _, k := range r.Kinds() {
		word, _, _ := strings.Cut(k.String(), ",")
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if _, who, found := strings.Cut(r.Kind.String(), ", "); found {
		words = append(words, who)
	}
	return strings.Join(words, ", ")
}

// A Subject is a part of the table, with a heading of its own in the docs.
type Subject struct {
	Name  string // as the docs mark its place: "text"
	Title string
	Page  string // of the docs, with the heading
	Rows  []Row
}

// pagesAt is where the docs can be read.
const pagesAt = "https://github.com/glowplug-os/glowplug/blob/main/docs/"

// Pages gives for each code the address of the page that has it.
func Pages() map[Code]string {
	all := map[Code]string{}
	for _, s := range Subjects() {
		for _, r := range s.Rows {
			all[r.Code] = pagesAt + s.Page
		}
	}
	return all
}

// Subjects gives the whole table, in the order of the docs.
func Subjects() []Subject {
	all := []Subject{
		{"text", "The text and its version", "problems.md#the-text-and-its-version", textRows()},
		{"keys", "Keys and values", "problems.md#keys-and-values", keyRows()},
		{"sources", "Sources", "problems.md#sources", append(sourceRows(), contentRows()...)},
		{"disks", "Disks, arrays, filesystems", "problems.md#disks-arrays-filesystems",
			append(diskRows(), filesystemRows()...)},
		{"luks", "Encrypted volumes", "problems.md#encrypted-volumes", luksRows()},
		{"accounts", "Users and groups", "problems.md#users-and-groups", accountRows()},
		{"nodes", "Files, directories, links", "problems.md#files-directories-links", nodeRows()},
		{"units", "Units", "problems.md#units", unitRows()},
		{"apply", "Applying to a directory", "problems.md#applying-to-a-directory", applyRows()},
		{"documents", "Butane documents", "butane.md#problems", documentRows()},
		{"local", "Local files of documents", "butane.md#local-files-1", localRows()},
		{"sugar", "Sugar of documents", "butane.md#mount-units-quadlets-the-boot-loader", sugarRows()},
		{"advice", "Advice", "problems.md#advice", append(adviceRows(), unitAdviceRows()...)},
		{"project", "The project file", "problems.md#the-project-file", projectRows()},
		{"image", "Against an image", "problems.md#against-an-image", imageRows()},
		{"boot", "The boot disk of documents", "butane.md#the-boot-disk", bootRows()},
		{"variants", "Variants of documents", "butane.md#variants", variantRows()},
	}
	for _, s := range all {
		for i := range s.Rows {
			r := &s.Rows[i]
			r.Line, r.Do, r.Why = oneLine(r.Line), oneLine(r.Do), oneLine(r.Why)
		}
	}
	return all
}

// oneLine puts the lines of a text of the table together.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Rows gives every row, in the order of the docs.
func Rows() (all []Row) {
	for _, s := range Subjects() {
		all = append(all, s.Rows...)
	}
	return all
}

// Find gives the row of a code.
func Find(code Code) (row Row, known bool) {
	row, known = byCode()[code]
	return row, known
}

// byCode has every row, made once: the comments of a document may ask for thousands.
var byCode = sync.OnceValue(func() map[Code]Row {
	all := map[Code]Row{}
	for _, r := range Rows() {
		all[r.Code] = r
	}
	return all
})
