package report

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Version is that of the JSON, of which schema.json is the JSON Schema. It counts up when a key goes or changes its
// meaning; keys may be added at any time.
const Version = 1

// SaltBytes is how long a salt is, if not longer.
const SaltBytes = 16

// The types of the JSON: what a program reads has names of its own, which stay when those of the code do not.
type (
	jsonPlan struct {
		Version   int            `json:"version"`
		Salt      string         `json:"salt,omitempty"`
		Digest    string         `json:"digest,omitempty"`
		Fetched   bool           `json:"fetched,omitempty"`
		Options   []string       `json:"options,omitempty"`
		Summary   string         `json:"summary"`
		Exit      Exit           `json:"exit"`
		Actions   []jsonAction   `json:"actions"`
		Conflicts []jsonConflict `json:"conflicts"`
		Notes     []string       `json:"notes"`
	}
	jsonAction struct {
		Stage    Stage         `json:"stage"`
		ID       string        `json:"id"`
		Effect   string        `json:"effect"`
		Destroys bool          `json:"destroys"`
		Subject  string        `json:"subject"`
		Detail   string        `json:"detail,omitempty"`
		Origin   string        `json:"origin,omitempty"`
		Group    string        `json:"group,omitempty"`
		Loses    []jsonLoss    `json:"loses,omitempty"`
		Outcomes []jsonOutcome `json:"outcomes,omitempty"`
		Before   *jsonLayout   `json:"before,omitempty"`
		After    *jsonLayout   `json:"after,omitempty"`
		Changes  []jsonChange  `json:"changes,omitempty"`
		Sources  []jsonSource  `json:"sources,omitempty"`
		Digest   string        `json:"digest,omitempty"`
	}
	jsonSource struct {
		URL    string `json:"url"`
		Digest string `json:"digest,omitempty"`
		Bytes  *int64 `json:"bytes,omitempty"`
	}
	jsonLoss struct {
		Where string `json:"where"`
		What  string `json:"what,omitempty"`
	}
	jsonOutcome struct {
		Found   string `json:"found"`
		Verdict string `json:"verdict"`
	}
	jsonLayout struct {
		Bytes      int64           `json:"bytes"`
		Holds      string          `json:"holds,omitempty"`
		Partitions []jsonPartition `json:"partitions"`
	}
	jsonPartition struct {
		Number int    `json:"number"`
		Label  string `json:"label"`
		Start  int64  `json:"start"`
		Size   int64  `json:"size"`
	}
	jsonChange struct {
		Path       string    `json:"path"`
		Was        *jsonNode `json:"was,omitempty"`
		Now        *jsonNode `json:"now,omitempty"`
		Secret     bool      `json:"secret,omitempty"`
		Difference []string  `json:"difference,omitempty"`
	}
	jsonNode struct {
		Kind string `json:"kind"`
		Mode *int64 `json:"mode,omitempty"`
		UID  *int64 `json:"uid,omitempty"`
		GID  *int64 `json:"gid,omitempty"`
		Link string `json:"link,omitempty"`
	}
	jsonConflict struct {
		Message string   `json:"message"`
		Origin  string   `json:"origin,omitempty"`
		Place   string   `json:"place,omitempty"`
		Hints   []string `json:"hints,omitempty"`
		Unknown bool     `json:"unknown,omitempty"`
	}
)

// WriteJSON tells programs.
func (p *Plan) WriteJSON(w io.Writer) error {
	out := jsonPlan{Version: Version, Salt: hex.EncodeToString(p.Salt), Summary: p.Summary(), Exit: p.Exit(),
		Fetched: p.Fetched, Options: p.Options, Actions: []jsonAction{}, Conflicts: []jsonConflict{},
		Notes: append([]string{}, p.Notes...)}
	for i := range p.Actions {
		out.Actions = append(out.Actions, p.Actions[i].json())
	}
	for _, c := range p.Conflicts {
		out.Conflicts = append(out.Conflicts, jsonConflict(c))
	}
	var err error
	if p.Salt != nil {
		out.Digest, err = out.sum(p.Salt)
	}
	if err != nil {
		return err
	}
	return out.write(w)
}

func (p *jsonPlan) write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(p)
}

// sum is the digest over all keys but its own, as a reader of the text makes it.
func (p *jsonPlan) sum(salt []byte) (string, error) {
	var text strings.Builder
	if err := p.write(&text); err != nil {
		return "", err
	}
	top, problem := tree.NewArena().ParseJSON(&diag.Document{Text: text.String()})
	if problem != nil {
		return "", problem
	}
	return sum(salt, top), nil
}

func (a *Action) json() jsonAction {
	out := jsonAction{Stage: a.Stage, ID: a.ID, Effect: a.Effect.String(), Destroys: a.Destroys(), Subject: a.Subject,
		Detail: a.Detail, Origin: a.Origin, Group: a.Group, Before: a.Before.json(), After: a.After.json(),
		Digest: a.Digest}
	for _, l := range a.Loses {
		out.Loses = append(out.Loses, jsonLoss(l))
	}
	for _, o := range a.Outcomes {
		out.Outcomes = append(out.Outcomes, jsonOutcome(o))
	}
	for i := range a.Changes {
		out.Changes = append(out.Changes, a.Changes[i].json())
	}
	for _, s := range a.Sources {
		out.Sources = append(out.Sources, jsonSource{s.URL, s.Digest, known(s.Bytes)})
	}
	return out
}

// known leaves out a number that is not known.
func known(v int64) *int64 {
	if v < 0 {
		return nil
	}
	return &v
}

func (l *Layout) json() *jsonLayout {
	if l == nil {
		return nil
	}
	out := &jsonLayout{Bytes: l.Bytes, Holds: l.Holds, Partitions: []jsonPartition{}}
	for _, p := range l.Partitions {
		out.Partitions = append(out.Partitions, jsonPartition{p.Number, p.Label, p.Start, p.Size})
	}
	return out
}

func (c *Change) json() jsonChange {
	out := jsonChange{Path: c.Path, Was: c.Was.json(), Now: c.Now.json(), Secret: c.Secret}
	if c.Texts {
		out.Difference = Difference(c.WasText, c.NowText)
	}
	return out
}

func (n Node) json() *jsonNode {
	if n.Kind == "" {
		return nil
	}
	return &jsonNode{Kind: n.Kind, Mode: known(n.Mode), UID: known(n.UID), GID: known(n.GID), Link: n.Link}
}
