package applies

import (
	"fmt"
	"strings"
)

// An entry is an item of a list of a config, as JSON.
type entry struct{ list, text string }

// joined puts entries into a config.
func joined(name string, entries ...entry) Case {
	object := read(`{"ignition":{"version":"3.6.0"}}`)
	for _, e := range entries {
		if e.list == "" {
			continue
		}
		keys := strings.Split(e.list, ".")
		at := object
		for _, key := range keys[:len(keys)-1] {
			if at[key] == nil {
				at[key] = map[string]any{}
			}
			at = at[key].(map[string]any)
		}
		list, _ := at[keys[len(keys)-1]].([]any)
		at[keys[len(keys)-1]] = append(list, any(read(e.text)))
	}
	return Case{Name: name, Text: write(object)}
}

// pairs gives entries that touch each other: the same place, parent and child, link and target, user and group, unit
// and file of its name, partitions of a number, a filesystem and what it is on.
func pairs() (cases []Case) {
	for _, part := range []struct {
		cases []Case
		of    uint32 // one of so many is taken: there are many, and they differ little
	}{{nodePairs(), 2}, {unitPairs(), 3}, {homePairs(), 5}, {accountPairs(), 5}, {partitionPairs(), 1}, {stacks(), 1},
		{mountPairs(), 1}, {childPairs(), 4}} {
		cases = append(cases, Share(part.cases, part.of)...)
	}
	return cases
}

// cross joins each of some entries with each of others.
func cross(what string, some, others []entry, more ...entry) (cases []Case) {
	for i, a := range some {
		for k, b := range others {
			name := fmt.Sprintf("%s %d and %d: %.60s %.60s", what, i, k, a.text, b.text)
			cases = append(cases, joined(name, append([]entry{a, b}, more...)...))
		}
	}
	return cases
}

// nodes are entries of every kind at a path.
func nodes(path string) []entry {
	const content = `"contents":{"source":"data:,hello"}`
	at := `{"path":"` + path + `",`
	return []entry{
		{"storage.directories", at + `"mode":448}`}, {"storage.directories", at + `"overwrite":true}`},
		{"storage.directories", at + `"user":{"name":"core"},"group":{"name":"adm"}}`},
		{"storage.files", at + content + `}`}, {"storage.files", at + `"overwrite":true,` + content + `}`},
		{"storage.files", at + `"append":[{"source":"data:,more"}]}`}, {"storage.files", at + `"mode":256}`},
		{"storage.links", at + `"target":"/etc/hosts"}`}, {"storage.links", at +
			`"target":"/srv/a","overwrite":true}`},
		{"storage.links", at + `"target":"/srv/a","hard":true}`}, {"storage.links", at + `"target":"."}`},
		{"storage.links", at + `"target":"` + path + `"}`},
	}
}

func nodePairs() (cases []Case) {
	for _, second := range []string{"/srv/a", "/srv/a/b", "/srv/a/b/c", "/srv", "/srv/b", "/etc/hosts",
		"/etc/hosts/a", "/srv/a/../b"} {
		cases = append(cases, cross("nodes at /srv/a and "+second, nodes("/srv/a"), nodes(second))...)
	}
	return cases
}

// services are units of a name.
func services() []entry {
	unit := func(rest string) entry { return entry{"systemd.units", `{"name":"a.service"` + rest + `}`} }
	contents := `,"contents":"` + escaped(service) + `"`
	return []entry{unit(contents), unit(contents + `,"enabled":true`), unit(`,"enabled":true`),
		unit(`,"enabled":false`),
		unit(`,"mask":true`), unit(`,"mask":false`), unit(contents + `,"mask":true`),
		unit(`,"mask":true,"enabled":true`),
		unit(contents + `,"mask":true,"enabled":true`), unit(`,"dropins":[{"name":"a.conf","contents":"[Unit]\n"}]`),
		unit(`,"dropins":[{"name":"a.conf"},{"name":"b.conf","contents":""}]`), unit(`,"contents":""`)}
}

func unitPairs() (cases []Case) {
	const dir = "/etc/systemd/system/"
	for _, path := range []string{dir + "a.service", dir + "a.service.d", dir + "a.service.d/a.conf", dir +
		"a.service/a",
		"/etc/systemd/system-preset/20-ignition.preset", "/etc/systemd", dir + "multi-user.target.wants/a.service"} {
		cases = append(cases, cross("unit and "+path, services(), nodes(path))...)
	}
	others := []string{`{"name":"b.service","contents":"[Install]\nAlias=a.service\n","enabled":true}`,
		`{"name":"a.socket","contents":"[Install]\nWantedBy=sockets.target\n","enabled":true}`,
		`{"name":"a.service.d.service","enabled":true}`, `{"name":"a@.service",` +
			`"contents":"[Install]\nDefaultInstance=a\n","enabled":true}`,
		`{"name":"a@b.service","enabled":true}`, `{"name":"a@c.service","enabled":false}`,
		`{"name":"A.service","mask":true}`}
	var second []entry
	for _, text := range others {
		second = append(second, entry{"systemd.units", text})
	}
	return append(cases, cross("units", services(), second)...)
}

// users are those of the name core.
func users() []entry {
	user := func(rest string) entry { return entry{"passwd.users", `{"name":"core"` + rest + `}`} }
	return []entry{user(""), user(`,"sshAuthorizedKeys":["` + key + `"]`), user(`,"homeDir":"/srv/a"`),
		user(`,"homeDir":"/srv/a","sshAuthorizedKeys":["` + key + `"]`), user(`,"noCreateHome":true`),
		user(`,"noCreateHome":true,"sshAuthorizedKeys":["` + key + `"]`), user(`,"shouldExist":false`),
		user(`,"uid":0`),
		user(`,"uid":1500`), user(`,"uid":1500,"primaryGroup":"adm"`), user(`,"system":true`),
		user(`,"system":true,"homeDir":"/"`),
		user(`,"noUserGroup":true`), user(`,"groups":["adm","core"]`), user(`,"primaryGroup":"core"`),
		user(`,"primaryGroup":"1500"`),
		user(`,"primaryGroup":"staff2","groups":["staff2"]`), user(`,"groups":["staff2","staff2"]`),
		user(`,"homeDir":""`),
		user(`,"shell":"/srv/a"`), user(`,"homeDir":"/home/core/a","gecos":""`), user(`,"uid":65534`),
		user(`,"homeDir":"/proc/a"`),
		user(`,"homeDir":"/etc/hosts"`)}
}

func homePairs() (cases []Case) {
	for _, path := range []string{"/home/core", "/home", "/home/core/.ssh", "/home/core/.ssh/authorized_keys",
		"/home/core/.ssh/authorized_keys.d/ignition", "/srv/a", "/etc/skel/a", "/etc/passwd", "/var/mail/core"} {
		cases = append(cases, cross("user and "+path, users(), nodes(path))...)
	}
	return cases
}

func accountPairs() (cases []Case) {
	var groups, others []entry
	for _, rest := range []string{``, `,"gid":1500`, `,"gid":0`, `,"shouldExist":false`, `,"system":true`,
		`,"gid":65534`,
		`,"passwordHash":"` + hashed + `"`, `,"passwordHash":""`} {
		for _, name := range []string{"core", "staff2", "adm", "root"} {
			groups = append(groups, entry{"passwd.groups", `{"name":"` + name + `"` + rest + `}`})
		}
	}
	for _, text := range []string{`{"name":"other"}`, `{"name":"other","uid":1500}`, `{"name":"other","uid":0}`,
		`{"name":"other","homeDir":"/home/core"}`,
		`{"name":"other","homeDir":"/home/core/other"}`, `{"name":"other","primaryGroup":"core"}`,
		`{"name":"other","groups":["core"]}`,
		`{"name":"root","sshAuthorizedKeys":["` + key + `"]}`, `{"name":"root","shouldExist":false}`,
		`{"name":"root","uid":5}`,
		`{"name":"other","shouldExist":false}`, `{"name":"root","homeDir":"/srv/root"}`, `{"name":"Core"}`} {
		others = append(others, entry{"passwd.users", text})
	}
	cases = append(cases, cross("group and user", groups, users())...)
	cases = append(cases, cross("users", users(), others)...)
	return append(cases, cross("groups", groups, groups)...)
}

func childPairs() (cases []Case) {
	contents := []string{child, `{"ignition":{"version":"3.0.0"},"passwd":{"users":[{"name":"core","uid":1500}]}}`,
		`{"ignition":{"version":"3.4.0"},"systemd":{"units":[{"name":"a.service","mask":true}]}}`,
		`{"ignition":{"version":"3.6.0"},"storage":{"directories":[{"path":"/srv/a"}],` +
			`"links":[{"path":"/etc/child","target":"/a"}]}}`,
		`{"ignition":{"version":"3.6.0"},"storage":{"disks":[{"device":"/dev/vda","partitions":[{"number":1,` +
			`"label":"one"}]}]}}`,
		`{"ignition":{"version":"3.6.0"},"passwd":{"groups":[{"name":"core","shouldExist":false}]}}`,
		`{"ignition":{}}`, ``, `a`,
		`{"ignition":{"version":"3.6.0","config":{"merge":[{"source":"` + dataURL(child) + `"}]}}}`}
	others := append(append(nodes("/srv/a"), nodes("/etc/child")...), append(users(), services()...)...)
	for i, content := range contents {
		for k, e := range others {
			for _, how := range []string{"merge", "replace"} {
				if how == "replace" && k%7 > 0 {
					continue
				}
				c := joined(fmt.Sprintf("%s of child %d with entry %d", how, i, k), e)
				object := read(c.Text)
				resource := any(map[string]any{"source": dataURL(content)})
				if how == "merge" {
					resource = []any{resource}
				}
				put(object, []string{"ignition", "config", how}, resource)
				cases = append(cases, Case{Name: c.Name, Text: write(object)})
			}
		}
	}
	return cases
}
