package report

import (
	"encoding/json"
	"io"
)

// ComparisonVersion is that of the JSON, of which comparison.json is the JSON Schema. It counts as Version does.
const ComparisonVersion = 1

type (
	jsonComparison struct {
		Version   int                    `json:"version"`
		Was       jsonSummary            `json:"was"`
		Now       jsonSummary            `json:"now"`
		Destroyed jsonOnly[jsonLoss]     `json:"destroyed"`
		Conflicts jsonOnly[jsonConflict] `json:"conflicts"`
		Actions   []jsonPair             `json:"actions"`
		Notes     jsonOnly[string]       `json:"notes"`
	}
	jsonSummary struct {
		Summary string `json:"summary"`
		Exit    Exit   `json:"exit"`
	}
	jsonOnly[T any] struct {
		Was []T `json:"was"`
		Now []T `json:"now"`
	}
	jsonPair struct {
		Effect  string       `json:"effect"`
		Was     *jsonAction  `json:"was"`
		Now     *jsonAction  `json:"now"`
		Fields  []string     `json:"fields"`
		Changes []jsonChange `json:"changes"`
	}
)

// WriteJSON tells programs.
func (c *Comparison) WriteJSON(w io.Writer) error {
	out := jsonComparison{Version: ComparisonVersion,
		Was: jsonSummary{c.Was.Summary(), c.Was.Exit()}, Now: jsonSummary{c.Now.Summary(), c.Now.Exit()},
		Destroyed: onlyJSON(c.Destroyed, func(l Loss) jsonLoss { return jsonLoss(l) }),
		Conflicts: onlyJSON(c.Conflicts, func(c Conflict) jsonConflict { return jsonConflict(c) }),
		Notes:     onlyJSON(c.Notes, key[string]), Actions: []jsonPair{}}
	for i := range c.Pairs {
		out.Actions = append(out.Actions, c.Pairs[i].json())
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

func onlyJSON[T, J any](o Only[T], one func(T) J) jsonOnly[J] {
	each := func(all []T) []J {
		out := []J{}
		for _, v := range all {
			out = append(out, one(v))
		}
		return out
	}
	return jsonOnly[J]{each(o.Was), each(o.Now)}
}

func (p *Pair) json() jsonPair {
	out := jsonPair{Effect: "change", Fields: append([]string{}, p.Fields...), Changes: []jsonChange{}}
	if p.Was == nil {
		out.Effect = "add"
	} else {
		was := p.Was.json()
		out.Was = &was
	}
	if p.Now == nil {
		out.Effect = "remove"
	} else {
		now := p.Now.json()
		out.Now = &now
	}
	for i := range p.Changes {
		out.Changes = append(out.Changes, p.Changes[i].json())
	}
	return out
}
