package check_test

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
)

// planted stands where a secret would. No other text has a part of it.
const planted = "qJzqJz"

// A secretField is a string of the model: its path, with 0 for items of lists, and its secret tag.
type secretField struct{ path, tag string }

func secretFields(t reflect.Type, path, tag string) (fields []secretField) {
	switch t.Kind() {
	case reflect.Pointer:
		return secretFields(t.Elem(), path, tag)
	case reflect.Slice:
		return secretFields(t.Elem(), path+".0", tag)
	case reflect.String:
		return []secretField{{path, tag}}
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); !f.Anonymous && name != "" {
				fields = append(fields, secretFields(f.Type, path+"."+name, f.Tag.Get("secret"))...)
			}
		}
	}
	return fields
}

// at writes a value at a path of the model, with the keys of items that are needed to get there.
func at(path, value string) string {
	steps := strings.Split(strings.TrimPrefix(path, "$."), ".")
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i] == "0" {
			value = "[" + value + "]"
		} else {
			value = fmt.Sprintf("{%q: %s}", steps[i], value)
		}
	}
	return strings.TrimSuffix(strings.TrimPrefix(value, "{"), "}")
}

// values of a field, good and bad. Those of URLs are its parts that may be secret.
func values(tag string) []string {
	switch tag {
	case "key":
		return []string{planted, "-----BEGIN OPENSSH PRIVATE KEY-----\\n" + planted,
			"command=" + planted + " ssh-ed25519 AAAA me", "ssh-ed25519 AAAA\\n" + planted}
	case "true":
		return []string{planted, `\u0071JzqJz`, "\\n" + planted + ": x\\\"", "[Unit]\\n" + planted,
			"[Unit\\n" + planted, strings.Repeat(planted, 400)}
	}
	return []string{
		"ftp://example.com/?" + planted, "http://me:pa?" + planted + "@example.com/",
		"http://me:pa/" + planted + "@example.com/", "hxxp://" + planted + "@example.com", planted + "://example.com/",
		"http://me:" + planted + "@example.com/", "http://" + planted + "@example.com/",
		"https://example.com/x?token=" + planted + "&y", "https://example.com/x#" + planted,
		"http://me:" + planted + "^@example.com/", "http://me:" + planted + "@exa mple.com/", "me:" + planted +
			"@example.com", "ftp://me:" + planted + "@example.com", "http://me:" + planted + "@example.com:" + planted,
		"s3://b/k?versionId=&x=" + planted, "data:," + planted, "data:,%zz" + planted,
		"data:;base64," + base64.StdEncoding.EncodeToString([]byte(planted)), "data:;base64," + planted + "!",
		"data:text/plain;" + planted + ",x",
		planted, planted + ":x", "https://example.com/%zz?x=" + planted, "DATA:," + planted,
	}
}

// wrongs are texts around a member that are wrong in some other way, so that something is shown.
var wrongs = map[string]string{
	"nothing else is wrong":                      `{"ignition": {"version": "3.6.0"}, @}`,
	"no version":                                 `{@}`,
	"an unknown version":                         `{@, "ignition": {"version": "9.9.9"}}`,
	"an old version":                             `{@, "ignition": {"version": "3.0.0"}}`,
	"unknown keys around":                        `{"ignition": {"version": "3.6.0"}, "zz": 1, @, "yy": {}}`,
	"a wrong kind before":                        `{"ignition": {"version": "3.6.0"}, "systemd": 5, @}`,
	"a key that is there twice, the last counts": `{"ignition": {"version": "3.6.0"}, @, @}`,
	"another value in its place": `{"ignition": {"version": "3.6.0"}, @, "passwd": null, "storage": null, ` +
		`"systemd": null, "kernelArguments": null}`,
	"below a key that nobody knows":  `{"ignition": {"version": "3.6.0"}, "zz": {@}}`,
	"a syntax error after it":        `{"ignition": {"version": "3.6.0"}, @, 'x'}`,
	"a syntax error right behind it": `{"ignition": {"version": "3.6.0"}, @ "x": 1}`,
	"a missing end":                  `{"ignition": {"version": "3.6.0"}, @`,
	"a syntax error before it":       `{"ignition": {"version" "3.6.0"}, @}`,
	"bytes that are not UTF-8":       "{\"ignition\": {\"version\": \"3.6.0\"}, \"zz\": \"\xff\", @}",
}

// shownOf gives everything that the command says of a text, in every form.
func shownOf(text string) string {
	var all strings.Builder
	for _, format := range []string{"text", "line", "json"} {
		r := validate(text, "--format", format, "-")
		all.WriteString(r.out + r.err)
	}
	r := peer(text, "-")
	all.WriteString(r.out + r.err)
	return all.String()
}

// leaks says whether a part of the secret is there, plain or in base64.
func leaks(shown string) bool {
	return strings.Contains(shown, "JzqJ") ||
		strings.Contains(shown, base64.StdEncoding.EncodeToString([]byte(planted))[:6])
}

// Every field that may hold a secret, with every value, in every text.
func TestSecretsAreNeverShown(t *testing.T) {
	count := 0
	for _, f := range secretFields(reflect.TypeFor[config.Config](), "$", "") {
		if f.tag == "" {
			continue
		}
		count++
		for claim, around := range wrongs {
			for _, value := range values(f.tag) {
				text := strings.ReplaceAll(around, "@", at(f.path, `"`+value+`"`))
				require.False(t, leaks(shownOf(text)), "%s, %s:\n%s\n%s", f.path, claim, text, shownOf(text))
			}
		}
	}
	assert.Greater(t, count, 20)
}

// A secret in the wrong place: where an object, a list, or a number belongs, or below a key that is misspelt.
func TestSecretsOfAWrongKindAreNeverShown(t *testing.T) {
	for _, f := range secretFields(reflect.TypeFor[config.Config](), "$", "") {
		if f.tag == "" {
			continue
		}
		up := f.path[:strings.LastIndexByte(f.path, '.')]
		for _, member := range []string{
			at(f.path, `["`+planted+`"]`), at(f.path, `{"x": "`+planted+`"}`), at(f.path+"x", `"`+planted+`"`),
			at(f.path+".deeper", `"`+planted+`"`), at(strings.ToUpper(f.path[2:]), `"`+planted+`"`),
			at(up, `"`+planted+`"`), at(up, `["`+planted+`"]`), at(up, `[["`+planted+`"]]`),
			at(up, `{"0": "`+planted+`"}`),
		} {
			text := `{"ignition": {"version": "3.6.0"}, ` + member + `, "zz": 1}`
			require.False(t, leaks(shownOf(text)), "%s:\n%s\n%s", f.path, text, shownOf(text))
		}
	}
}

// What is no secret is shown: a test that finds nothing shown at all would find no leak either.
func TestWhatIsNoSecretIsShown(t *testing.T) {
	assert.True(t,
		leaks(shownOf(`{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "`+planted+`"}]}}`)))
	shown := shownOf(`{"ignition": {"version": "3.6.0"}, ` +
		`"storage": {"files": [{"path": "rel", "contents": {"source": "data:,` + planted + `"}}]}}`)
	assert.Contains(t, shown, `{"path": "rel", "contents": {"source": [redacted]}}`)
}

// Values that are as long or as short as one likes hide the same.
func TestMasksDoNotTellLengths(t *testing.T) {
	text := `{"ignition": {"version": "3.6.0"}, "zz": 1, "passwd": {"users": [{"name": "a", "passwordHash": "%s"}]}}`
	short := validate(fmt.Sprintf(text, "a"), "-").out
	assert.Equal(t, short, validate(fmt.Sprintf(text, strings.Repeat("a", 1000)), "-").out)
	assert.Contains(t, short, "[redacted]")
}

// A secret that has slipped into the place of a key, known or not what is around it.
func TestSecretsInThePlaceOfKeysAreNeverShown(t *testing.T) {
	for _, key := range []string{planted, "$6$x$" + planted, "-----BEGIN PRIVATE KEY----- " + planted,
		"ssh-ed25519 AAAA" + planted, "pass " + planted} {
		for claim, around := range wrongs {
			for _, member := range []string{
				fmt.Sprintf(`%q: 1`, key), fmt.Sprintf(`%q: {%q: 1, %q: 2}`, key, key, key),
				fmt.Sprintf(`"zz": {%q: [{%q: 1}]}`, key, key),
				fmt.Sprintf(`"passwd": {"users": [{"name": "", %q: null}]}`, key),
				fmt.Sprintf(`"passwd": {"users": [{"name": "a", "passwordHash": {%q: null}}]}`, key),
				fmt.Sprintf(`"storage": {"files": [{"path": "rel", %q: 1, "zz": 1, %q: 2}]}`, key, key),
				fmt.Sprintf(`"storage": {%q: {}}`, key),
			} {
				text := strings.ReplaceAll(around, "@", member)
				require.False(t, leaks(shownOf(text)), "%s:\n%s\n%s", claim, text, shownOf(text))
			}
		}
		for _, body := range []string{
			"%q: 1\n", "%q: 1\n%[1]q: 2\n", "zz: {%q: 1, %[1]q: 2}\n", "passwd: {users: [{name: a, %q: x, uid: -1}]}\n",
			"passwd:\n  users:\n    - name: a\n      password_hash:\n        %q: x\n",
			"storage: {files: [{path: rel, %q: 1, zz: 1}]}\n", "storage:\n  files:\n    - %q: 1\n      path\n",
			"%q\n", "a: [%q: 1\n", "%q: [\n", "systemd: {units: {%q: 1}}\n", "zz: {zz: [{%q: {}, %[1]q: {}}]}\n",
			"storage: {%q: null, %[1]q: {zz: 1, zz: 2}}\n",
		} {
			text := "variant: fcos\nversion: 1.7.0\n" + fmt.Sprintf(body, key)
			require.False(t, leaks(shownOf(text)), "%s\n%s", text, shownOf(text))
		}
	}
}
