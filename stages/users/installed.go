package users

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/target"
)

// packages is where dpkg keeps what is installed. It has megabytes.
const packages = "/var/lib/dpkg/status"

// toolsOf tells whose tools are to be matched by the package that they come in, where there are accounts to be made and
// the root has a package database that is known here.
func (p *planner) toolsOf(passwd config.Passwd) (accounts.Tools, error) {
	if len(passwd.Groups) == 0 && len(passwd.Users) == 0 {
		return accounts.CurrentTools, nil
	}
	at, err := target.Follow(p.t, packages)
	if err != nil {
		return accounts.CurrentTools, err
	}
	f, err := p.t.Open(at)
	if errors.Is(err, fs.ErrNotExist) {
		return accounts.CurrentTools, nil
	}
	if err != nil {
		return accounts.CurrentTools, err
	}
	defer f.Close()
	version, err := installed(f, "passwd")
	return accounts.ToolsOf(version), err
}

// installed gives the version of a package from the database of dpkg, "" if it is not there: deb-control(5), where the
// name is the first field of a paragraph.
func installed(status io.Reader, name string) (string, error) {
	lines := bufio.NewReaderSize(status, 64<<10)
	within := false
	for {
		line, more, err := lines.ReadLine()
		if err == io.EOF {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", packages, err)
		}
		if field, value, _ := bytes.Cut(line, []byte(": ")); string(field) == "Package" {
			within = string(value) == name
		} else if within && string(field) == "Version" {
			return string(value), nil
		}
		for more && err == nil { // the rest of a line longer than the buffer
			_, more, err = lines.ReadLine()
		}
	}
}
