package butane

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// userKeys are SSH keys in local files.
func userKeys() feature {
	return feature{
		needs: localKeys,
		fields: []language.Sugar{{Path: "passwd.users.*.ssh_authorized_keys_local", Kind: "[string]",
			Line: "Local files with public keys, one a line."}},
		objects: map[string]func(*translation, *cursor.At, tree.Node){"passwd.users.*": localKeysOf},
	}
}

// localKeysOf adds the public keys in local files to a user's.
func localKeysOf(t *translation, a *cursor.At, user tree.Node) {
	files := a.Key("ssh_authorized_keys_local")
	if files.Count() == 0 {
		return
	}
	if t.Files == nil {
		t.locals.missing(files)
		return
	}
	keys := user.Get("sshAuthorizedKeys")
	if !keys.Exists() {
		keys = t.List(files.Node())
		user.Append().AddMember("sshAuthorizedKeys", keys)
	}
	list := keys.Append()
	for file := range files.Items() {
		text, ok := t.locals.read(file)
		if !ok {
			continue
		}
		for line := range strings.SplitSeq(text, "\n") {
			if line = strings.TrimSuffix(line, "\r"); line != "" {
				list.Add(t.Scalar(file.Node(), tree.String, line))
			}
		}
	}
}
