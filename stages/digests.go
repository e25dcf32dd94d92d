package stages

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// Mark gives each action of a report of the forecast that does something a digest: of what the config says of it, of
// what is at its places, and of what will be in files that no one entry asks for. Nothing else decides what is done, so
// plans of the same words and digests do the same.
func (f *Forecast) Mark(p *report.Plan, salt []byte) error {
	all, err := itemsOf(f.Config)
	if err != nil {
		return err
	}
	p.Salt = salt
	left := f.Files.Results()
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Effect == plan.Keep {
			continue
		}
		d := digest{hmac.New(sha256.New, salt)}
		entry := all.at(a.Origin)
		d.add([]byte(a.ID))
		d.add(entry)
		if a.Stage == report.Files {
			for _, r := range left[a.ID] {
				d.place(f.Root, r, entry == nil)
			}
		}
		a.Digest = hex.EncodeToString(d.Sum(nil))
	}
	return nil
}

// itemsOf are the items of the lists of a config, by the names of these.
func itemsOf(cfg config.Config) (*items, error) {
	text, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	all := &items{lists: map[string][]json.RawMessage{}}
	return all, json.Unmarshal(text, &all.sections)
}

// items are what a config says: the items of the lists of its sections.
type items struct {
	sections map[string]map[string]json.RawMessage
	lists    map[string][]json.RawMessage
}

// at is the item of a list that a config path is of, or is in; nil for none.
func (e *items) at(origin string) []byte {
	words := strings.Split(origin, ".")
	if len(words) < 4 {
		return nil
	}
	name := words[1] + "." + words[2]
	list, read := e.lists[name]
	if !read {
		// what is no list has no items
		_ = json.Unmarshal(e.sections[words[1]][words[2]], &list)
		e.lists[name] = list
	}
	if i, err := strconv.Atoi(words[3]); err == nil && i >= 0 && i < len(list) {
		return list[i]
	}
	return nil
}

// A digest is of several things, each of which comes as its own digest: where one ends is certain then.
type digest struct{ hash.Hash }

func (d digest) add(what []byte) {
	sum := sha256.Sum256(what)
	d.Write(sum[:])
}

// place adds what is at a place, and what will be if no entry of the config says that.
func (d digest) place(v target.View, r plan.Result, unsaid bool) {
	d.add([]byte(r.At))
	was, err := v.Lstat(r.At)
	if err == nil && was.Kind == root.File {
		d.file(v, r.At)
	}
	if r.Content == nil || !unsaid {
		return
	}
	if now, known := r.Content(); known {
		text := now.Reveal()
		if r.At == accounts.ShadowFile {
			text = undated(v, text)
		}
		d.add([]byte(text))
	}
}

// file adds what is in a file. One that cannot be read counts as empty: only who can read it plans to change it.
func (d digest) file(v target.View, at string) {
	content, err := v.Open(at)
	if err != nil {
		return
	}
	defer content.Close()
	of := sha256.New()
	if _, err := io.Copy(of, content); err == nil {
		d.Write(of.Sum(nil))
	}
}

// undated leaves out of lines of shadow(5) that come the day of their password, which is the day of the plan.
func undated(v target.View, text string) string {
	was, err := v.ReadFile(accounts.ShadowFile, target.TextMost)
	if err != nil {
		was = nil
	}
	stay := map[string]bool{}
	for line := range strings.SplitSeq(string(was), "\n") {
		stay[line] = true
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if fields := strings.Split(line, ":"); len(fields) > 2 && !stay[line] {
			fields[2] = ""
			lines[i] = strings.Join(fields, ":")
		}
	}
	return strings.Join(lines, "\n")
}
