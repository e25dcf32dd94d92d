package against

import (
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/target"
)

// late says of accounts that are not there whether the image makes them: systemd-sysusers does so when the machine
// boots, which is after a first boot has set owners and groups (sysusers.d(5)).
func (j *judge) late(p *diag.Problem) {
	before, _, is := strings.Cut(p.Message, `" does not exist`)
	at := strings.LastIndexByte(before, '"')
	if !is || at < 0 {
		return
	}
	if file := j.makers()[before[at+1:]]; file != "" {
		p.Hint = strings.TrimPrefix(p.Hint+"\n"+diag.Name(file)+" has the image make it when it boots, which is after "+
			"this: write its number, or have the config make it", "\n")
	}
}

// makers are the files of sysusers.d by the users and groups that they make.
func (j *judge) makers() map[string]string {
	if j.sysusers != nil {
		return j.sysusers
	}
	j.sysusers = map[string]string{}
	for _, dir := range []string{"/etc/sysusers.d", "/usr/lib/sysusers.d"} {
		names, _ := j.image.Root.Names(dir) // one that is not there makes none
		for _, name := range names {
			file := path.Join(dir, name)
			text, err := j.image.Root.ReadFile(file, target.TextMost)
			if err != nil || path.Ext(name) != ".conf" {
				continue
			}
			for line := range strings.Lines(string(text)) {
				if words := strings.Fields(line); len(words) > 1 && strings.ContainsAny(words[0][:1], "ug") {
					j.sysusers[words[1]] = file
				}
			}
		}
	}
	return j.sysusers
}
