package cursor_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

func root(t *testing.T, text string) tree.Node {
	t.Helper()
	n, problem := tree.NewArena().ParseJSON(&diag.Document{Name: "x", Text: text})
	require.Nil(t, problem)
	return n
}

func TestNullsAreAbsentAndNotCounted(t *testing.T) {
	a := cursor.Root(&cursor.Log{}, root(t, `{"a": [null, {"b": "x"}, null, {"b": true}], "c": null, "e": []}`))
	var paths []string
	for item := range a.Key("a").Items() {
		paths = append(paths, item.Path())
	}
	assert.Equal(t, []string{"$.a.0", "$.a.1"}, paths)
	assert.Equal(t, 2, a.Key("a").Count())
	for name, want := range map[string]struct{ set, says bool }{"a": {true, true}, "c": {}, "d": {}, "e": {set: true}} {
		assert.Equal(t, want.set, a.Key(name).Set(), name)
		assert.Equal(t, want.says, a.Key(name).Says(), name)
	}
	assert.Equal(t, "x", a.Key("a").Item(1).Key("b").Text(), "an item by its number")
	assert.True(t, a.Key("a").Item(3).Key("b").IsTrue())
	assert.False(t, a.Key("a").Item(9).To("b", "c").Set(), "nothing stands below nothing")
}

func TestWhatIsNotThereIsPlacedWhereItWouldBe(t *testing.T) {
	log := &cursor.Log{}
	a := cursor.Root(log, root(t, `{"a": {"b": 1}}`))
	other := a.To("a", "b")
	a.To("a", "c", "").Errorf(codes.PathMissing, "%d %%", 1).Advise("a %s", "hint").See(other, "here").Strictly()
	a.Fault(nil).Advise("nothing is reported").Strictly()
	all := log.All()
	require.Len(t, all, 1)
	assert.Equal(t, "$.a.c.", all[0].Path)
	assert.Equal(t, a.Key("a").Node().Place(), all[0].Place)
	assert.Equal(t, "1 %", all[0].Message)
	assert.Equal(t, "a hint", all[0].Hint)
	assert.Equal(t, "$.a.b", all[0].Related[0].Path)
	assert.True(t, all[0].Stricter)
}

func TestAMovedPlaceIsThatOfItsNode(t *testing.T) {
	a := cursor.Root(&cursor.Log{}, root(t, `{"a": [5, 6], "b": 7}`))
	step := a.Below()
	for c := range a.Node().Children() {
		step.MoveTo(c.Key(), c)
		assert.Equal(t, "$."+c.Key(), step.Path())
		assert.Equal(t, c, step.Node())
	}
	list := a.Key("a")
	step = list.Below()
	step.MoveToItem(1, list.Node().At(1))
	assert.Equal(t, "$.a.1 6", step.Path()+" "+step.Text())
}

func TestAMuteLogKeepsNothing(t *testing.T) {
	log := &cursor.Log{Mute: func(path func() string) bool { return path() == "$.a" }}
	a := cursor.Root(log, root(t, `{"a": "x"}`))
	finding := a.Key("a").Errorf(codes.PathMissing, "a").Advise("b").Write(a.Key("a"), "c").WriteNumber(a, 1)
	assert.Nil(t, finding.Kept())
	assert.Empty(t, log.All())
	a.Key("b").Warnf(codes.PathMissing, "a")
	assert.Len(t, log.All(), 1)
}

func TestUnknownKeysAreFoundInOneWay(t *testing.T) {
	n := root(t, `{"storage": null, "files": [], "Passwd": {}, "kernelArguments": {}, "systemd": {}}`)
	for name, c := range map[string]struct {
		edition *language.Edition
		want    []string
	}{
		"of a config": {language.OfVersion(config.V3_2), []string{"key-unknown $.files files belongs below storage",
			"key-case $.Passwd write \"passwd\"",
			"key-too-new $.kernelArguments set ignition.version to 3.3.0 or newer"}},
		"of a document": {&language.Edition{Version: config.V3_3, Indents: true,
			Odd: func(*language.Shape, string) (string, string) { return "", "odd" }},
			[]string{"key-unknown $.files files belongs below storage: indent it further", "key-unknown $.Passwd odd"}},
	} {
		log := &cursor.Log{}
		cursor.UnknownKeys(log, cursor.Root(log, n), c.edition, language.Config(), n)
		var told []string
		for _, p := range log.All() {
			told = append(told, string(p.Code)+" "+p.Path+" "+p.Hint)
		}
		assert.Equal(t, c.want, told, name)
	}
}
