package butane

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// This file has what Butane does and is odd, for the name butane: see docs/deviations.md.

// peers is the manner of the name butane: the first step with an error is the last, and places are found by paths.
func peers() manner {
	return manner{
		audience: diag.Peer,
		tree:     func(folder *cursor.At) *cursor.At { return folder },
		goesOn:   func(t *translation) bool { return !t.failed() },
		settle:   asPeer,
		inner:    judgePeerInner,
		walk:     walkPeer,
		prefix:   func(dir string) string { return dir + "/" }, // so that nothing lies in the root directory
		number:   peerNumber,
	}
}

// asPeer gives the problems of a step the paths and the places that Butane gives them.
func asPeer(t *translation, from int) {
	if t.reading && t.failed() {
		// Butane looks for unknown keys only after it has read everything.
		t.log.Retain(from, func(p *diag.Problem) bool { return p.Severity == diag.Error })
	}
	if t.out != nil {
		mixedPartitions(t)
	}
	findings := map[int]finding{}
	for _, f := range t.findings {
		findings[f.number] = f
	}
	t.findings, t.index = nil, tree.Index{}
	spelled := map[tree.Node]func(string) tree.Node{}
	untold := map[*diag.Problem]bool{}
	for i := from; i < len(t.log.Settled()); i++ {
		p := &t.log.Kept()[i]
		switch f, found := findings[i]; {
		case found:
			untold[p] = isUntold(t, p, f)
			peerFinding(t, p, f, spelled)
		case slices.Contains(keyCodes(), p.Code):
		default:
			p.Path = peerPath(p)
			p.Place = lookup(t, p.Path, spelled)
		}
	}
	t.log.Retain(from, func(p *diag.Problem) bool { return !untold[p] })
}

// keyCodes are the codes of problems whose place is a key.
func keyCodes() []codes.Code { return []codes.Code{codes.KeyUnknown, codes.KeyTooNew, codes.KeyMerge} }

// peerPath is the path of a problem of the document itself.
func peerPath(p *diag.Problem) string {
	if p.Code == codes.LUKSNoMethod {
		return p.Path + ".luks"
	}
	return p.Path
}

// peerFinding gives a problem of the config the path and the place that Butane gives it. For a part that the document
// does not have, Butane makes up a path by spelling the path of the config in the way of documents; of a raw
// MachineConfig it does not know where a value comes from.
func peerFinding(t *translation, p *diag.Problem, f finding, spelled map[tree.Node]func(string) tree.Node) {
	origin, rest := t.cause(f.path)
	if !origin.Exists() {
		return
	}
	ofManifest := t.has(machineConfig) && !t.Raw
	switch {
	case t.Raw && t.has(machineConfig) && p.Code == codes.Unsupported:
		p.Path = machineConfigPath(f.path)
	case rest == "":
		p.Path = t.pathOf(origin)
	// of a path it knew even where it is not said, until 4.19
	case ofManifest && (rest != "path" || t.has(mainframes)):
		p.Path = machineConfigPath(f.path)
	case rest != "path":
		p.Path = language.SnakePath(f.path)
	default:
		p.Path = t.pathOf(origin) + "." + language.SnakePath(rest)
	}
	p.Place = lookup(t, p.Path, spelled)
}

// machineConfigPath is where Butane sees a field in a MachineConfig.
func machineConfigPath(path string) string { return "$.spec.config" + language.SnakePath(path)[1:] }

// isUntold: Butane does not report an empty source in a MachineConfig, and of formats that no config of the version has
// only what the rules of the config report.
func isUntold(t *translation, p *diag.Problem, f finding) bool {
	value := t.deepest(f.path).Text()
	return p.Code == codes.Unsupported && (strings.HasSuffix(f.path, ".contents.source") && value == "" ||
		strings.HasSuffix(f.path, ".format") && !config.FieldAt(formatField).Takes(value, t.Spec))
}

// lookup finds the place of a path as Butane does: along the keys in the text, with nulls counted, and not below an
// alias. spelled keeps the functions of writtenIn for mappings that were met.
func lookup(t *translation, path string, spelled map[tree.Node]func(string) tree.Node) diag.Place {
	n := t.root
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		if spelled[n] == nil {
			spelled[n] = writtenIn(n)
		}
		next := spelled[n](step)
		if n.Kind() == tree.List {
			next = t.itemAt(n, step)
		}
		if !next.Exists() || n.Aliased() {
			break
		}
		n = next
	}
	return n.Place()
}

// judgePeerInner judges a config to merge by the version of the config that is made and by no other, with paths in the
// inner config, which do not exist in the document. A config in a local file is not judged.
func judgePeerInner(t *translation, resource, from *cursor.At, text string) {
	if from.Name() == "local" {
		return
	}
	doc := &diag.Document{Name: "inline", Text: text}
	root, problem := tree.NewArena().ParseJSON(doc)
	var problems []diag.Problem
	if problem == nil {
		v, wrong := document.DetectVersion(root)
		switch {
		case wrong == nil && v != t.Spec, wrong != nil && wrong.Code == codes.VersionUnknown:
			resource.Key("version").Warnf(codes.InlineVersion,
				"the config to merge is of another version, and is not looked at").PeerOnly = true
			return
		case wrong != nil && wrong.Code == codes.WrongType:
			problem = wrong
		case wrong != nil:
			problems = append(problems, *wrong)
			setText(root, t.Spec.String())
		}
	}
	if problem != nil {
		unreadableInner(from, problem.Message)
		return
	}
	out, wrong, ignored := document.Decode(root)
	if len(wrong) > 0 {
		unreadableInner(from, wrong[0].Message)
		return
	}
	if out != nil && t.Rules != nil {
		problems = append(problems, t.Rules(out)...)
	}
	for _, p := range diag.For(diag.Peer, append(problems, ignored...)) {
		q := from.Report(p.Severity, codes.InlineInvalid, "%s", p.Message)
		q.Path, q.PeerOnly = p.Path, true
	}
}

// unreadableInner says twice that a config to merge cannot be read, as the peer does.
func unreadableInner(from *cursor.At, why string) {
	p := from.Errorf(codes.InlineInvalid, "%s", why)
	p.Path, p.PeerOnly = "", true
	from.Errorf(codes.InlineInvalid, "the config to merge cannot be read").PeerOnly = true
}

// setText writes a version into a config whose own version cannot be read.
func setText(root tree.Node, version string) {
	ignition := root.Get("ignition")
	if !ignition.Exists() {
		ignition = root.Arena().NewObject(root)
		root.Append().AddMember("ignition", ignition)
	}
	if v := ignition.Get("version"); v.Exists() {
		v.Become(tree.String, version)
		return
	}
	ignition.Append().AddMember("version", root.Arena().NewString(root, version))
}

// mixedPartitions is a rule that Butane 0.29 still has and Ignition has dropped with 2.27.
func mixedPartitions(t *translation) {
	items(t.config.Get("storage").Get("disks"), "$.storage.disks", func(path string, disk tree.Node) {
		absent, next := false, false
		for p := range disk.Get("partitions").Children() {
			number, _ := strconv.Atoi(p.Get("number").Text())
			absent = absent || isAbsent(p)
			next = next || number == 0
		}
		if absent && next {
			t.find(diag.Error, codes.PartitionMixed, path+".partitions", disk.Get("partitions"),
				"a partition is to be absent, and another one to get the next free number").PeerOnly = true
		}
	})
}

// walkPeer gives a folder that is a link as that link.
func walkPeer(fsys fs.FS, root string, visit fs.WalkDirFunc) error {
	info, err := fs.Lstat(fsys, root)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return visit(root, fs.FileInfoToDirEntry(info), nil)
	}
	return fs.WalkDir(fsys, root, visit)
}

// peerNumber: Butane takes integers of a MachineConfig for floating-point numbers, which shows in large ones.
func peerNumber(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return text
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
