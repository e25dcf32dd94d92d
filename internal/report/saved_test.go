package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// salted is the example with digests.
func salted() *Plan {
	p := example()
	p.Salt = bytes.Repeat([]byte{7}, SaltBytes)
	for i := range p.Actions {
		p.Actions[i].ID, p.Actions[i].Digest = fmt.Sprint(p.Actions[i].Subject), fmt.Sprint(i)
	}
	return p
}

func written(t testing.TB, p *Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, p.WriteJSON(&b))
	return b.Bytes()
}

func TestAPlanIsTheSameHoweverItIsWrittenDown(t *testing.T) {
	text := written(t, salted())
	var loose map[string]any
	require.NoError(t, json.Unmarshal(text, &loose))
	sorted, err := json.Marshal(loose)
	require.NoError(t, err)
	require.NotEqual(t, text, sorted)
	elsewhere := salted() // the config has it in another place
	elsewhere.Actions[0].Origin, elsewhere.Actions[0].Group = "$.storage.files.9", "elsewhere"
	for _, each := range [][]byte{text, sorted, written(t, elsewhere)} {
		s, err := ReadSaved("p.json", each)
		require.NoError(t, err)
		assert.Equal(t, salted().Salt, s.Salt())
		lines, err := s.Compare(salted())
		require.NoError(t, err)
		assert.Empty(t, lines)
	}
}

func TestAPlanInWhichAnythingWasChangedIsNone(t *testing.T) {
	text := written(t, salted())
	var top any
	require.NoError(t, json.Unmarshal(text, &top))
	count := 0
	eachValue(top, func(key string, set func(any), value any) {
		for _, other := range []any{nil, "other", []any{}, map[string]any{"a": 1}} {
			if reflect.DeepEqual(other, value) {
				continue
			}
			set(other)
			changed, err := json.Marshal(top)
			require.NoError(t, err)
			_, err = ReadSaved("p.json", changed)
			require.Error(t, err, "%s: %v", key, other)
			count++
		}
		set(value)
	})
	assert.Greater(t, count, 400)
	for _, key := range []string{"new", "note"} {
		top.(map[string]any)[key] = true
		changed, err := json.Marshal(top)
		require.NoError(t, err)
		_, err = ReadSaved("p.json", changed)
		require.ErrorContains(t, err, "something in the file was changed")
		delete(top.(map[string]any), key)
	}
}

// eachValue goes through the values of JSON, from the inside out, with what puts another in the place of each.
func eachValue(v any, do func(key string, set func(any), value any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, each := range v {
			eachValue(each, do)
			do(key, func(other any) { v[key] = other }, each)
		}
	case []any:
		for i, each := range v {
			eachValue(each, do)
			do(fmt.Sprint(i), func(other any) { v[i] = other }, each)
		}
	}
}

func TestActionsThatDifferAreTold(t *testing.T) {
	const subject = "file /f"
	at := slices.IndexFunc(example().Actions, func(a Action) bool { return a.Subject == subject })
	const was = "- destroy file /f: inline, 0600"
	for claim, test := range map[string]struct {
		change func(*Plan)
		want   []string
	}{
		"one is no more": {func(p *Plan) { p.Actions = slices.Delete(p.Actions, at, at+1) }, []string{was}},
		"one is new": {func(p *Plan) {
			p.Actions = append(p.Actions, Action{Stage: Files, ID: "x", Subject: "link /x", Detail: "a\nb"})
		}, []string{"+ keep link /x: a; b"}},
		"twice the same": {func(p *Plan) { p.Actions = append(p.Actions, p.Actions[at]) },
			[]string{"+ destroy file /f: inline, 0600"}},
		"another effect": {func(p *Plan) { p.Actions[at].Effect = plan.Create },
			[]string{was, "+ create file /f: inline, 0600"}},
		"other words": {func(p *Plan) { p.Actions[at].Detail = "empty" }, []string{was, "+ destroy file /f: empty"}},
		"another digest": {func(p *Plan) { p.Actions[at].Digest = "x" },
			[]string{was, "+ destroy file /f: inline, 0600 (what is made, or what is there, is another)"}},
		"something else is there": {func(p *Plan) { p.Actions[at].Changes[0].Was.UID = 1000 },
			[]string{was, "+ destroy file /f: inline, 0600 (what is made, or what is there, is another)"}},
		"another order": {func(p *Plan) { slices.Reverse(p.Actions) }, []string{"the actions are in another order"}},
	} {
		s, err := ReadSaved("p.json", written(t, salted()))
		require.NoError(t, err)
		now := salted()
		test.change(now)
		lines, err := s.Compare(now)
		require.NoError(t, err)
		assert.Equal(t, test.want, lines, claim)
	}
}

func TestOfManyDifferencesSomeAreTold(t *testing.T) {
	s, err := ReadSaved("p.json", written(t, salted()))
	require.NoError(t, err)
	now := salted()
	for i := range 1000 {
		now.Actions = append(now.Actions, Action{ID: fmt.Sprint(i), Subject: "x"})
	}
	lines, err := s.Compare(now)
	require.NoError(t, err)
	require.Len(t, lines, differencesMost+1)
	assert.Equal(t, "and 980 more", lines[differencesMost])
}

func TestWhatIsNoPlanIsToldWithItsPlace(t *testing.T) {
	whole := string(written(t, salted()))
	for claim, test := range map[string]struct{ old, with, want string }{
		"no version":            {`"version": 1,`, ``, "p.json:1:1: version is missing"},
		"another version":       {`"version": 1,`, `"version": 1.5,`, "p.json:2:14: the version is 1.5, and"},
		"a version in quotes":   {`"version": 1,`, `"version": "1",`, "p.json:2:14: version is a string, not a number"},
		"no salt":               {`"salt": "0707`, `"pepper": "0707`, "p.json:1:1: the plan has no digests"},
		"half a salt":           {`07070707"`, `"`, "p.json:3:11: the salt is no hexadecimal number of 16 bytes"},
		"a salt of other signs": {`"salt": "0707`, `"salt": "07xx`, "p.json:3:11: the salt is no hexadecimal number"},
		"an action that is none": {`"actions": [`, `"actions": [null,`,
			"p.json:7:15: this is null, where a plan has an object"},
		"no actions": {`"actions": [`, `"deeds": [`, "actions is missing"},
		"an unknown effect": {`"effect": "deferred"`, `"effect": "defer"`,
			`p.json:11:17: the effect "defer" is not known`},
		"an action of nothing": {`"subject": "luks v"`, `"subjekt": "luks v"`,
			"subject is missing"},
		"no digest": {`"digest": "`, `"pepper": "`, "p.json:1:1: digest is missing"},
		"a config":  {`"version": 1,`, `"ignition": {"version": "3.4.0"},`, "p.json:1:1: this is a config"},
		"a Butane document": {`"version": 1,`, `"variant": "fcos", "version": "1.5.0",`,
			"p.json:1:1: this is a config"},
		"two salts": {`"version": 1,`, `"version": 1, "salt": "` + strings.Repeat("07", SaltBytes) + `",`,
			`p.json:3:3: the key "salt" is there twice`},
		"two details": {`"detail": "inline, 0600"`, `"detail": "inline, 0600", "detail": "inline, 0600"`,
			`the key "detail" is there twice`},
		"another summary": {`"summary": "`, `"summary": "no `, "something in the file was changed"},
		"a conflict": {`"conflicts": []`, `"conflicts": [{"message": "m"}]`,
			"something is in the way of this plan"},
		"more": {"\n}\n", "\n}\n{}", "p.json:199:1: something follows the end of the document"},
	} {
		require.Contains(t, whole, test.old, claim)
		_, err := ReadSaved("p.json", []byte(strings.Replace(whole, test.old, test.with, 1)))
		assert.ErrorContains(t, err, test.want, claim)
	}
}

// A plan that is cut off or damaged is no plan, or another one, and never the same.
func FuzzSavedPlans(f *testing.F) {
	whole := string(written(f, salted()))
	f.Add(whole)
	f.Add(string(written(f, &Plan{Salt: bytes.Repeat([]byte{7}, SaltBytes)})))
	f.Add(whole[:len(whole)/2])
	f.Add(`{"version": 1, "actions": [[[[`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ReadSaved("p.json", []byte(text))
		if err != nil {
			return
		}
		again, err := ReadSaved("p.json", []byte(text))
		require.NoError(t, err)
		assert.Empty(t, differences(s.actions, again.actions))
		lines, err := s.Compare(&Plan{Salt: s.Salt()})
		require.NoError(t, err)
		assert.Equal(t, len(s.actions) == 0, len(lines) == 0)
	})
}

func TestThePlanSaysWithWhichOptionsItWasMade(t *testing.T) {
	for _, c := range []struct {
		was, now []string
		want     string
	}{
		{nil, nil, ""},
		{[]string{"--root", "--no-owner"}, []string{"--no-owner", "--root"}, ""},
		{[]string{"--root", "--no-owner"}, []string{"--root"}, "with --no-owner"},
		{nil, []string{"--root"}, "without --root"},
		{[]string{"--disk", "--no-owner"}, []string{"--root"}, "with --disk, --no-owner and without --root"},
	} {
		p := salted()
		p.Options = c.was
		s, err := ReadSaved("p.json", written(t, p))
		require.NoError(t, err)
		assert.Equal(t, c.want, s.Unlike(c.now))
	}
}
