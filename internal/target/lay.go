package target

import (
	"path"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/root"
)

// Put has something made at a resolved path, with nothing below it.
func (l *laid) Put(p string, f root.Facts) {
	l.made++
	f.Dev, f.Ino, f.Links = ^uint64(0), l.made, 1 // a file that no other name has
	*l.at(p) = place{facts: &f}
}

// PutFile has a file made with a text.
func (l *laid) PutFile(p string, f root.Facts, text string) {
	f.Kind, f.Size = root.File, int64(len(text))
	l.Put(p, f)
	l.at(p).text = &text
}

// Copy has something made like what is at another resolved path, but for its facts.
func (l *laid) Copy(from, to string, f root.Facts) {
	source := l.find(from)
	l.Put(to, f)
	if f.Kind == root.File {
		here := l.at(to)
		here.from, here.text = source.from, source.text
	}
}

// Become has what is at a resolved path change its facts.
func (l *laid) Become(p string, f root.Facts) { l.at(p).facts = &f }

// Remove has what is at a resolved path go, with all below it.
func (l *laid) Remove(p string) { *l.at(p) = place{} }

// Give has what is at a resolved path, and below it, change hands.
func (l *laid) Give(p string, o accounts.Owners) {
	here := l.at(p)
	here.given = append(slices.Clip(here.given), o)
}

// Move renames what is at a resolved path, with all below it.
func (l *laid) Move(from, to string) {
	what := *l.at(from)
	what.given = l.find(from).given
	*l.at(from) = place{}
	*l.at(to) = what
	mounts, err := l.Mounts()
	if err != nil || root.FirstMount(mounts, from) == "" {
		return // who asks for mounts gets the error
	}
	for i, m := range mounts {
		if rest, ok := strings.CutPrefix(m, from+"/"); ok {
			mounts[i] = path.Join(to, rest)
		}
	}
	slices.Sort(mounts)
}

// MakeWay makes the directories above a resolved path that are not there.
func (l *laid) MakeWay(at string, as root.Facts) error {
	as.Kind = root.Directory
	var missing []string
	for d := Up(at); d != "/"; d = Up(d) {
		above, err := l.Lstat(d)
		if err != nil {
			return err
		}
		if above.Kind != root.Absent {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		l.Put(d, as)
	}
	return nil
}

// Lay has a file written where its path leads, and directories made on the way. One that is there keeps its owner and
// mode.
func (l *laid) Lay(name, text string, as, way root.Facts) error {
	at, err := Follow(l, name)
	if err != nil {
		return err
	}
	found, err := l.Lstat(at)
	if err == nil {
		err = l.MakeWay(at, way)
	}
	if err != nil {
		return err
	}
	if found.Kind == root.File {
		as = found
	}
	l.PutFile(at, as, text)
	return nil
}
