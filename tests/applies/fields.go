package applies

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
)

// A setting is a config in which fields below a path are varied, one at a time.
type setting struct{ below, text string }

// settings are valid, and do something. A field is varied in all those that name it most closely.
func settings() []setting {
	const head = `{"ignition":{"version":"3.6.0"`
	disk := func(rest string) string {
		return head + `},"storage":{"disks":[{"device":"/dev/vda","wipeTable":true,"partitions":[` +
			`{"number":1,"label":"one","sizeMiB":320},{"number":2,"label":"two","sizeMiB":128}]}]` + rest + `}}`
	}
	filesystem := func(format string) string {
		return disk(`,"filesystems":[{"device":"/dev/vda1","format":"` + format +
			`","wipeFilesystem":true,"label":"data"}]`)
	}
	mounted := func(format string) string {
		return disk(`,"filesystems":[{"device":"/dev/vda1","format":"` + format + `","path":"/srv"}],` +
			`"files":[{"path":"/srv/a","contents":{"source":"data:,hello"}}]`)
	}
	const file = `{"path":"/etc/a","contents":{"source":"data:,hello"}`
	return append(headers(), []setting{
		{"ignition", head + `},"storage":{"files":[` + file + `}]}}`},
		{"ignition.config.merge.*", head + `,"config":{"merge":[{"source":"` + dataURL(child) + `"}]}}}`},
		{"ignition.config.replace", head + `,"config":{"replace":{"source":"` + dataURL(child) + `"}}}}`},
		{"ignition.security.tls.certificateAuthorities.*", head +
			`,"security":{"tls":{"certificateAuthorities":[{"source":"` + dataURL(authority) +
			`"}]}}},"storage":{"files":[` + file + `}]}}`},
		{"kernelArguments", head + `},"kernelArguments":{"shouldExist":["quiet"]}}`},
		{"passwd.groups.*", head + `},"passwd":{"groups":[{"name":"staff2"}]}}`},
		{"passwd.users.*", head + `},"passwd":{"users":[{"name":"core"}]}}`},
		{"passwd.users.*", head + `},"passwd":{"groups":[{"name":"core","gid":1500}],"users":[{"name":"core",` +
			`"uid":1500,` +
			`"primaryGroup":"core","groups":["adm"],"homeDir":"/var/home/core","shell":"/bin/bash",` +
			`"passwordHash":"` + hashed +
			`","sshAuthorizedKeys":["` + key + `"]}]}}`},
		{"storage.directories.*", head + `},"storage":{"directories":[{"path":"/srv/d"}]}}`},
		{"storage.files.*", head + `},"storage":{"files":[` + file + `}]}}`},
		{"storage.files.*.contents", head + `},"storage":{"files":[{"path":"/etc/a","contents":{"source":"` + zipped +
			`","compression":"gzip","verification":{"hash":"` + sha256Of + `"}}}]}}`},
		{"storage.files.*.contents", head + `},"storage":{"files":[{"path":"/etc/a","contents":{"source":"` + server +
			`/hello","verification":{"hash":"` + sha256Of + `"}}}]}}`},
		{"storage.files.*.append.*", head + `},"storage":{"files":[{"path":"/etc/a","append":[{"source":"data:,` +
			`hello"}]}]}}`},
		{"storage.links.*", head + `},"storage":{"links":[{"path":"/etc/l","target":"/etc/hosts"}]}}`},
		{"storage.links.*", head + `},"storage":{"files":[` + file +
			`}],"links":[{"path":"/etc/l","target":"/etc/a","hard":true}]}}`},
		{"storage.disks.*", disk("")},
		{"storage.filesystems.*", filesystem("ext4")}, {"storage.filesystems.*", filesystem("xfs")},
		{"storage.filesystems.*", filesystem("btrfs")}, {"storage.filesystems.*", filesystem("swap")},
		{"storage.filesystems.*", filesystem("vfat")}, {"storage.filesystems.*", filesystem("none")},
		{"storage.filesystems.*", mounted("ext4")}, {"storage.filesystems.*", mounted("xfs")},
		{"storage.filesystems.*", mounted("btrfs")},
		{"storage.luks.*", disk(`,"luks":[{"name":"vault","device":"/dev/vda2","wipeVolume":true,"options":[` +
			cheaply() + `]}]`)},
		{"storage.luks.*", disk(`,"luks":[{"name":"vault","device":"/dev/vda2","keyFile":{"source":"data:,` +
			`secret"},"options":[` +
			cheaply() + `]}],"filesystems":[{"device":"/dev/mapper/vault","format":"ext4","path":"/srv"}]`)},
		{"storage.luks.*.options", disk(`,"luks":[{"name":"vault","device":"/dev/vda2","options":["--batch-mode",` +
			cheaply() + `]}]`)},
		{"storage.luks.*.keyFile", disk(`,"luks":[{"name":"vault","device":"/dev/vda2","options":[` + cheaply() +
			`],"keyFile":{"source":"data:,hello"}}]`)},
		{"storage.raid.*", head + `},"storage":{"raid":[{"name":"data","level":"raid1","devices":["/dev/vda",` +
			`"/dev/vdb"]}]}}`},
		{"systemd.units.*", head + `},"systemd":{"units":[{"name":"a.service","contents":"` + escaped(service) +
			`","enabled":true}]}}`},
		{"systemd.units.*", head + `},"systemd":{"units":[{"name":"a.service","dropins":[{"name":"a.conf",` +
			`"contents":"[Unit]\n"}]}]}}`},
	}...)
}

// headers are settings of what is fetched from the web, as headers go nowhere else.
func headers() (all []setting) {
	for path, text := range map[string]string{
		"ignition.config.merge.*": "{}", "ignition.config.replace": "{}",
		"ignition.security.tls.certificateAuthorities.*": "{}",
		"storage.files.*.contents":                       `{"storage":{"files":[{"path":"/etc/a"}]}}`,
		"storage.files.*.append.*":                       `{"storage":{"files":[{"path":"/etc/a"}]}}`,
		"storage.luks.*.keyFile": `{"storage":{"luks":[{"name":"vault","device":"/dev/vda","options":[` +
			cheaply() + `]}]}}`,
	} {
		object := read(text)
		put(object, []string{"ignition", "version"}, "3.6.0")
		put(object, strings.Split(path+".source", "."), server+"/hello")
		put(object, strings.Split(path+".httpHeaders.*", "."), map[string]any{"name": "X-A", "value": "b"})
		all = append(all, setting{path + ".httpHeaders", write(object)})
	}
	slices.SortFunc(all, func(a, b setting) int { return strings.Compare(a.below, b.below) })
	return all
}

// cheap are options by which deriving a key takes no time.
func cheap() []string { return []string{"--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000"} }

func cheaply() string { return strings.Trim(write(cheap()), "[]") }

func escaped(text string) string { return strings.Trim(write(text), `"`) }

// fields gives a config for each field of the model, each value of its table, in each setting that it belongs to.
func fields() (cases []Case) {
	values := table()
	language.Config().Walk(func(s *language.Shape) {
		if s.Path == "" {
			return
		}
		for i, each := range settingsOf(s.Path) {
			varied := lookup(values, s.Path)
			if i == 0 {
				varied = append(slices.Clone(varied), wrong(s)...)
			}
			for k, value := range varied {
				if i < 2 || k%2 == i%2 { // settings after the second get half of the values
					cases = append(cases, vary(each, s.Path, value))
				}
			}
		}
	})
	return cases
}

func vary(in setting, path string, value any) Case {
	object := read(in.text)
	if v := config.Since(path); v > config.V3_6 {
		put(object, []string{"ignition", "version"}, v.String())
	}
	put(object, strings.Split(path, "."), value)
	return Case{Name: path + " " + brief(value) + " in " + in.below, Text: write(object), Field: path}
}

// lookup finds the values of a field by the longest end of its path that the table has.
func lookup(values map[string][]any, path string) []any {
	for end := path; end != ""; {
		if found, is := values[end]; is {
			return found
		}
		_, rest, more := strings.Cut(end, ".")
		if !more {
			break
		}
		end = rest
	}
	return nil
}

// settingsOf are those that name a field most closely; of a field that none names, the first.
func settingsOf(path string) (found []setting) {
	best := -1
	for _, s := range settings() {
		within := path == s.below || strings.HasPrefix(path, s.below+".") || strings.HasPrefix(s.below, path+".")
		switch length := len(s.below); {
		case !within || strings.HasPrefix(s.below, path+".") && best >= 0:
		case length > best:
			best, found = length, []setting{s}
		case length == best:
			found = append(found, s)
		}
	}
	if found == nil {
		found = settings()[:1]
	}
	return found
}
