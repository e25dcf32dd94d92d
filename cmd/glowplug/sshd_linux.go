package main

import (
	"errors"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/stages/users"
)

// readers are the users whose SSH keys a plan writes to a file of their own, beside the file that every sshd reads, in
// an image that wants that.
func readers(steps plan.Plan, o files.Options) (users []string) {
	for _, s := range steps {
		if user, is := strings.CutPrefix(s.ID, "ssh-keys:"); is && o.Image.KeysFragment {
			users = append(users, diag.Name(user))
		}
	}
	return users
}

// unreadKeys says that the sshd of a root does not read the file of these users' keys; "" where it does, and where that
// cannot be known.
func unreadKeys(in texts, names []string) string {
	if len(names) == 0 {
		return ""
	}
	s := sshd{in: in}
	s.read(sshdConfig, 0)
	if !s.known || s.reads {
		return ""
	}
	return "sshd of this root does not read ~/" + users.KeyFragment + ", which has the keys of " +
		strings.Join(names, ", ") + ": nobody gets in by them; name it in " + sshdConfig +
		": AuthorizedKeysFile .ssh/authorized_keys " + users.KeyFragment
}

// texts are the files of a root, links followed: a target.View, or a plan of one, some of whose are files.ErrNotKnown.
type texts interface {
	ReadFile(name string, limit int64) ([]byte, error)
	Names(dir string) ([]string, error)
}

const (
	sshdConfig = "/etc/ssh/sshd_config"

	sshdConfigLimit = 1 << 20 // bytes of a file
	mostSSHDFiles   = 100
	deepestInclude  = 16 // as in sshd itself
)

// An sshd is what the configuration of an sshd, sshd_config(5), says of files with keys.
type sshd struct {
	in    texts
	files int  // read so far
	known bool // there is a configuration
	reads bool // for some user it names the file, or a program that gives keys; also where that cannot be known
}

func (s *sshd) read(file string, depth int) {
	if s.files++; s.files > mostSSHDFiles || depth > deepestInclude {
		s.reads = true // nobody knows
		return
	}
	text, err := s.in.ReadFile(file, sshdConfigLimit)
	if errors.Is(err, files.ErrNotKnown) {
		s.reads = true
	}
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
	names, err := s.in.Names(path.Clean(dir))
	if err != nil {
		return
	}
	for _, name := range names {
		if match, _ := path.Match(last, name); match {
			s.read(path.Join(dir, name), depth)
		}
	}
}
