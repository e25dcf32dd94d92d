package document

import (
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Entry is what people call an item of a list: "file /etc/motd", without what may be a secret.
func Entry(list *language.Shape, item tree.Node) string {
	key := KeyOf(list.Field.List, item)
	named, s := item, list.Item
	switch by := list.Field.List.Key; by {
	case "":
	case "number":
		if _, label, labelled := strings.Cut(key, "label:"); labelled {
			return list.Noun() + " " + strconv.Quote(label)
		}
		return list.Noun() + " " + strings.TrimPrefix(key, "number:")
	default:
		named, s = item.Get(by), s.Member(by)
	}
	if s.Kind != tree.String {
		return list.Noun()
	}
	shown, _ := s.Shown(named)
	return list.Noun() + " " + shown
}
