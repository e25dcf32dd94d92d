package main

import (
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// A keyring has the users whose SSH keys a run writes to a file of their own, beside the file that every sshd reads.
type keyring struct{ users []string }

// note adds the users whose keys a plan writes, in an image that wants a file of its own for them.
func (k *keyring) note(steps plan.Plan, o files.Options) {
	for _, s := range steps {
		if user, is := strings.CutPrefix(s.ID, "ssh-keys:"); is && o.Image.KeysFragment {
			k.users = append(k.users, diag.Name(user))
		}
	}
}

// warning says that the sshd of a root does not read the file of the keys; "" where it does, and where that cannot be
// known.
func (k *keyring) warning(dir string) string {
	if len(k.users) == 0 {
		return ""
	}
	in, err := root.Open(dir)
	if err != nil {
		return ""
	}
	defer in.Close()
	s := sshd{view: target.Of(in)}
	s.read(sshdConfig, 0)
	if !s.known || s.reads {
		return ""
	}
	return "sshd of this root does not read ~/" + users.KeyFragment + ", which has the keys of " +
		strings.Join(k.users, ", ") + ": nobody gets in by them; name it in " + sshdConfig +
		": AuthorizedKeysFile .ssh/authorized_keys " + users.KeyFragment
}

const (
	sshdConfig = "/etc/ssh/sshd_config"

	sshdConfigLimit = 1 << 20 // bytes of a file
	mostSSHDFiles   = 100
	deepestInclude  = 16 // as in sshd itself
)

// An sshd is what the configuration of an sshd, sshd_config(5), says of files with keys.
type sshd struct {
	view  target.View
	files int  // read so far
	known bool // there is a configuration
	reads bool // for some user it names the file, or a program that gives keys; also where that cannot be known
}

func (s *sshd) read(file string, depth int) {
	if s.files++; s.files > mostSSHDFiles || depth > deepestInclude {
		s.reads = true // nobody knows
		return
	}
	text, err := s.view.ReadFile(file, sshdConfigLimit)
	if err != nil {
		return
	}
	s.known = true
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.NewReplacer("=", " ", `"`, "").Replace(line))
		if len(words) > 1 {
			s.line(strings.ToLower(words[0]), words[1:], depth)
		}
	}
}

// line takes the keyword of a line, in small letters, and its arguments.
func (s *sshd) line(keyword string, arguments []string, depth int) {
	for _, a := range arguments {
		switch keyword {
		case "authorizedkeysfile":
			s.reads = s.reads || strings.HasSuffix(a, users.KeyFragment)
		case "authorizedkeyscommand":
			s.reads = s.reads || a != "none"
		case "include":
			s.include(a, depth+1)
		}
	}
}

// include reads the files that a pattern names. The pattern is relative to /etc/ssh.
func (s *sshd) include(pattern string, depth int) {
	if !path.IsAbs(pattern) {
		pattern = path.Join(path.Dir(sshdConfig), pattern)
	}
	dir, last := path.Split(pattern)
	if strings.ContainsAny(dir, "*?[") {
		s.reads = true // nobody knows
		return
	}
	names, err := s.view.Names(path.Clean(dir))
	if err != nil {
		return
	}
	for _, name := range names {
		if match, _ := path.Match(last, name); match {
			s.read(path.Join(dir, name), depth)
		}
	}
}
