package facts

import (
	"io"
	"path"
	"slices"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// smallContent is how large a file may be for its content to be noted where that is only compared, in bytes.
const smallContent = 64 << 10

// extractMost is how large a file may be for an extract to be made of it, in bytes.
const extractMost = 256 << 20

type rootRecorder struct {
	now      target.Whole
	to       *Root
	wanted   *Wanted
	extracts map[string]extract
	files    map[string]string // the files of the extracts, by the places where they are too
}

func (r *rootRecorder) Lstat(at string) (root.Facts, error) {
	f, err := r.now.Lstat(at)
	r.to.Paths[TextOf(at)] = pathOf(f, err)
	return f, err
}

func (r *rootRecorder) ReadFile(name string, limit int64) ([]byte, error) {
	text, err := r.now.ReadFile(name, limit)
	key := TextOf(path.Clean(name))
	if before, known := r.to.Reads[key]; err == nil || !known || before.Error != nil {
		r.to.Reads[key] = r.read(name, text, err)
	}
	return text, err
}

// read notes a text as far as that may be.
func (r *rootRecorder) read(name string, text []byte, err error) Read {
	if err != nil {
		return Read{Error: faultOf(err)}
	}
	at, err := target.Follow(r.now, name)
	if err != nil {
		return Read{Secret: true}
	}
	if file, is := r.files[at]; is {
		part := TextOf(r.extracts[file](r.wanted, text))
		return Read{Text: &part, Of: file}
	}
	if !r.public(at) {
		if noted, is := settingOf(at, string(text)); is {
			part := TextOf(noted)
			return Read{Text: &part, Of: at}
		}
		return Read{Secret: true}
	}
	whole := TextOf(string(text))
	return Read{Text: &whole}
}

// public tells whether everybody may read the file at a place: by its mode and those of all directories above it.
func (r *rootRecorder) public(at string) bool {
	const read, enter = 0o004, 0o001
	f, err := r.now.Lstat(at)
	if err != nil || f.Kind != root.File || f.Mode&read == 0 {
		return false
	}
	for at != "/" {
		at = target.Up(at)
		if f, err = r.now.Lstat(at); err != nil || f.Kind != root.Directory || f.Mode&enter == 0 {
			return false
		}
	}
	return true
}

func (r *rootRecorder) Open(at string) (target.Content, error) {
	content, err := r.now.Open(at)
	key := TextOf(at)
	note := Open{Error: faultOf(err), Answers: r.to.Opens[key].Answers}
	if err != nil {
		r.to.Opens[key] = note
		return nil, err
	}
	if text, part, is := r.opened(at, content); is {
		noted := TextOf(text)
		note.Text, note.Part = &noted, part
	}
	r.to.Opens[key] = note
	return &recorded{content, r.to, key}, nil
}

// opened is what is noted of a file beside comparisons. Of one that cannot be read nothing is: who compares it gets the
// error, which is noted then.
func (r *rootRecorder) opened(at string, content io.ReaderAt) (text string, part, is bool) {
	file, extracted := r.files[at]
	most := int64(smallContent)
	switch {
	case file == packages:
		most = extractMost
	case extracted, !r.public(at):
		return "", false, false
	}
	all, err := io.ReadAll(io.NewSectionReader(content, 0, most+1))
	switch {
	case err != nil || int64(len(all)) > most:
		return "", false, false
	case extracted:
		return r.extracts[file](r.wanted, all), true, true
	}
	return string(all), false, true
}

// recorded is a content that notes how it compares.
type recorded struct {
	target.Content
	to  *Root
	key Text
}

func (c *recorded) Answer(q target.Query, compare func() (target.Likeness, error)) (target.Likeness, error) {
	got, err := compare()
	answer := Answer{Of: TextOf(q.Of), From: q.From, Is: likenesses[got], Error: faultOf(err)}
	note := c.to.Opens[c.key]
	note.Answers = append(slices.DeleteFunc(slices.Clone(note.Answers), func(a Answer) bool { return a.is(q) }), answer)
	c.to.Opens[c.key] = note
	return got, err
}

// is tells whether it is the answer to a question.
func (a *Answer) is(q target.Query) bool { return a.Of.text == q.Of && a.From == q.From }

func (r *rootRecorder) Names(dir string) ([]string, error) {
	names, err := r.now.Names(dir)
	r.to.Names[TextOf(dir)] = namesOf(slices.Sorted(slices.Values(names)), err)
	return names, err
}

func namesOf(names []string, err error) Names { return Names{textsOf(names), faultOf(err)} }

func (r *rootRecorder) Mounts() ([]string, error) {
	mounts, err := r.now.Mounts()
	note := namesOf(mounts, err)
	r.to.Mounts = &note
	return mounts, err
}

func (r *rootRecorder) Through(at string, visit func(root.Node) error) error {
	key := TextOf(at)
	tree, before := r.to.Trees[key]
	index, ended := 0, false
	err := r.now.Through(at, func(n root.Node) error {
		if index == len(tree.Nodes) {
			tree.Nodes = append(tree.Nodes, nodeOf(&n))
		}
		n.In = &recordedInside{n.In, &tree.Nodes[index]}
		index++
		err := visit(n)
		ended = err != nil
		return err
	})
	if ended {
		tree.Cut = tree.Cut || !before
	} else {
		tree.Cut, tree.Error = false, faultOf(err)
	}
	r.to.Trees[key] = tree
	return err
}

func nodeOf(n *root.Node) Node {
	return Node{Path: pathOf(n.Facts, n.Err), Name: TextOf(n.Name), Depth: n.Depth, Type: n.Type, Of: n.Device,
		Entries: n.Names}
}

// recordedInside notes how a node is protected.
type recordedInside struct {
	root.Inside
	to *Node
}

func (i *recordedInside) Protection() (root.Protection, error) {
	p, err := i.Inside.Protection()
	note := protectionOf(p, err)
	i.to.Protection = &note
	return p, err
}
