package main

import (
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

// A notice says what will not be as the config has it, and where the config does; "" for nowhere.
type notice struct{ origin, what string }

// foresee takes from a plan of a directory what cannot be done here, and says what that and sshd will leave undone.
func foresee(f *stages.Forecast, o files.Options) (all []notice) {
	steps, left := withoutSystemctl(f.Files.Steps, o)
	if f.Files.Steps = steps; left.what != "" {
		all = append(all, left)
	}
	return append(all, locksOut(f, o)...)
}

// locksOut says whose keys nobody will get in by.
func locksOut(f *stages.Forecast, o files.Options) []notice {
	if what := unreadKeys(&f.Files, readers(f.Files.Steps, o)); what != "" {
		return []notice{{what: what}}
	}
	return nil
}

func whats(all []notice) (texts []string) {
	for _, n := range all {
		texts = append(texts, n.what)
	}
	return texts
}

// once gives a function that tells nothing twice.
func once(tell func(origin, what string)) func(origin, what string) {
	told := map[notice]bool{}
	return func(origin, what string) {
		if n := (notice{origin, what}); !told[n] {
			told[n] = true
			tell(origin, what)
		}
	}
}
