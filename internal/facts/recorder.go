package facts

import (
	"io"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A Recorder notes what planners look at. It is for one planner at a time.
type Recorder struct {
	doc    Document
	wanted *Wanted
}

// NewRecorder has noted nothing yet. A config is nil where facts are for none.
func NewRecorder(cfg *config.Config, c Circumstances, random io.Reader) (r *Recorder, err error) {
	r = &Recorder{doc: Document{Version: Version, Circumstances: &c}}
	of := cfg
	if of == nil {
		of = &config.Config{}
	}
	if r.wanted, err = WantedOf(of); err == nil && cfg != nil {
		r.doc.For, err = r.wanted.tell(random)
	}
	return r, err
}

// Unasked notes the disks of which the config says nothing.
func (r *Recorder) Unasked(devices []string) { r.doc.Circumstances.Unasked = textsOf(devices) }

// Document is what is noted so far.
func (r *Recorder) Document() *Document { return &r.doc }

// Scene gives a scene that notes how another one answers.
func (r *Recorder) Scene(now scene.Scene) scene.Scene {
	r.doc.Devices = &Devices{Looks: map[Text]Look{}, Finds: map[Text]Find{}}
	return &sceneRecorder{now, r.doc.Devices, map[string]int{}}
}

type sceneRecorder struct {
	now     scene.Scene
	to      *Devices
	insides map[string]int // the index of each by its place
}

func (s *sceneRecorder) Look(path string) (*scene.Seen, error) {
	seen, err := s.now.Look(path)
	look := Look{Error: faultOf(err)}
	if err == nil {
		look.Device = deviceOf(seen)
	}
	s.to.Looks[TextOf(path)] = look
	return seen, err
}

func (s *sceneRecorder) Inside(p scene.Place) (scene.Filling, error) {
	f, err := s.now.Inside(p)
	note := insideOf(p)
	if note.Error = faultOf(err); err == nil {
		filling := fillingOf(&f)
		note.Filling = &filling
	}
	key := keyOfPlace(p)
	if i, again := s.insides[key]; again {
		s.to.Insides[i] = note
		return f, err
	}
	s.insides[key] = len(s.to.Insides)
	s.to.Insides = append(s.to.Insides, note)
	return f, err
}

func insideOf(p scene.Place) Inside {
	return Inside{Node: TextOf(p.Node), SectorSize: p.SectorSize, At: Span(p.At), Zeros: spansOf(p.Zeros)}
}

func (s *sceneRecorder) Find(path string) (string, scene.User, error) {
	node, is, err := s.now.Find(path)
	find := Find{Error: faultOf(err)}
	if err == nil {
		find.Node, find.Is = TextOf(node), &usersOf([]scene.User{is})[0]
	}
	s.to.Finds[TextOf(path)] = find
	return node, is, err
}

func (s *sceneRecorder) Links() map[string][]string {
	all := s.now.Links()
	s.to.Linked, s.to.Links = true, map[Text][]Text{}
	for node, names := range all {
		s.to.Links[TextOf(node)] = textsOf(names)
	}
	return all
}

// Protection gives what notes how another one answers, of the root that is recorded.
func (r *Recorder) Protection(now func(at string) (root.Protection, error)) func(string) (root.Protection, error) {
	return func(at string) (root.Protection, error) {
		p, err := now(at)
		r.doc.Root.Protection[TextOf(at)] = protectionOf(p, err)
		return p, err
	}
}

// Root gives a root that notes how another one answers.
func (r *Recorder) Root(now target.Whole) target.Whole {
	r.doc.Root = &Root{Paths: map[Text]Path{}, Reads: map[Text]Read{}, Opens: map[Text]Open{}, Names: map[Text]Names{},
		Trees: map[Text]Tree{}, Protection: map[Text]Protection{}}
	files := map[string]string{}
	all := extracts(r.doc.Circumstances.Image.ResultFile.text)
	for file := range all {
		files[file] = file
		if at, err := target.Follow(now, file); err == nil {
			files[at] = file
		}
	}
	return &rootRecorder{now: now, to: r.doc.Root, wanted: r.wanted, extracts: all, files: files}
}

// key tells places apart.
func (i *Inside) key() string {
	return keyOfPlace(scene.Place{Node: i.Node.text, SectorSize: i.SectorSize, At: block.Span(i.At),
		Zeros: i.zeros()})
}

func (i *Inside) zeros() (all []block.Span) {
	for _, z := range i.Zeros {
		all = append(all, block.Span(z))
	}
	return all
}
