package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// usersOnDisk is measured on a disk alone: in memory there is nothing to sync, and the reference is but the start of a
// process.
func (b *bench) usersOnDisk() error {
	const what = "apply, 1,000 users, ext4, write + fsync them once"
	return b.onDisk(what, func(at string) error { return b.users(what, filepath.Join(at, "people")) })
}

// accountFiles are a root's, with nobody in it but root.
var accountFiles = map[string]string{
	"passwd": "root:x:0:0:root:/root:/bin/sh\n", "shadow": "root:*:19000:0:99999:7:::\n",
	"group": "root:x:0:\nusers:x:100:\n", "gshadow": "root:*::\nusers:*::\n",
	"subuid": "", "subgid": "", "login.defs": "USERGROUPS_ENAB yes\n",
}

// users makes 1,000 users without homes, and has another program write the six files that come of it, in turn. Both
// times are from start to exit.
func (b *bench) users(what, root string) error {
	config, wanted := b.path("users.ign"), b.path("wanted")
	if err := os.WriteFile(config, manyUsers(1000), 0o600); err != nil {
		return err
	}
	apply := func() (time.Duration, error) {
		if err := b.freshAccounts(root); err != nil {
			return 0, err
		}
		took, err := timed(b.program("glowplug"), "apply", "--root="+root, config)
		return took, err
	}
	if _, err := apply(); err != nil {
		return err
	}
	if err := os.RemoveAll(wanted); err != nil {
		return err
	}
	if err := os.Mkdir(wanted, 0o700); err != nil {
		return err
	}
	args := []string{filepath.Join(root, "etc")}
	for _, name := range []string{"passwd", "shadow", "group", "gshadow", "subuid", "subgid"} {
		text, err := os.ReadFile(filepath.Join(root, "etc", name))
		if err != nil {
			return err
		}
		if lines := bytes.Count(text, []byte("\n")); lines < 1000 {
			return fmt.Errorf("%s has %d lines", name, lines)
		}
		at := filepath.Join(wanted, name)
		if err := os.WriteFile(at, text, 0o600); err != nil {
			return err
		}
		args = append(args, at)
	}
	return b.compare(what, 5, apply, func() (time.Duration, error) {
		if err := b.freshAccounts(root); err != nil {
			return 0, err
		}
		took, err := timed(b.path("writefiles"), args...)
		return took, err
	})
}

// freshAccounts makes a root with account files, with nothing left to be written.
func (b *bench) freshAccounts(root string) error {
	if err := b.fresh(root, false); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(root, "etc"), 0o755); err != nil {
		return err
	}
	for name, text := range accountFiles {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return b.flush(root, true)
}

// manyUsers makes a config of that many users without homes, every fourth of them in a group of the root.
func manyUsers(count int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"ignition":{"version":"3.6.0"},"passwd":{"users":[`)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		groups := ""
		if i%4 == 0 {
			groups = `,"groups":["users"]`
		}
		fmt.Fprintf(&b, `{"name":"user%d","noCreateHome":true,"passwordHash":"$6$salt$hash%d"%s}`, i, i, groups)
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}
