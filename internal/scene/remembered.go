package scene

// Remembered is a scene that looks at what has one name once, so what it says of that does not change.
func Remembered(now Scene) Scene { return &remembered{now, map[string]glance{}} }

type remembered struct {
	Scene
	looks map[string]glance
}

// A glance is what came of a look.
type glance struct {
	seen *Seen
	err  error
}

// Look looks, or remembers.
func (r *remembered) Look(name string) (*Seen, error) {
	look, known := r.looks[name]
	if !known {
		look.seen, look.err = r.Scene.Look(name)
		r.looks[name] = look
	}
	return look.seen, look.err
}
