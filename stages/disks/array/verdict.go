package array

// What the members of an array hold, taken together.
type content string

const (
	nothing  content = "nothing"
	same     content = "this array"
	halfMade content = "this array (half made)"
	other    content = "anything else"
)

var contents = []content{nothing, same, halfMade, other}

// Who uses the members of an array.
type use string

const (
	free  use = "no"
	idle  use = "an array that does not run"
	runs  use = "an array that runs"
	taken use = "otherwise"
)

type verdict string

const (
	create   verdict = "create"
	recreate verdict = "recreate"
	assemble verdict = "assemble"
	keep     verdict = "keep"
	refuse   verdict = "refuse"
)

// judge decides what becomes of an array (docs/disks.md has the table). GivenUp: the config gives up all members that
// hold anything else.
func judge(found content, givenUp bool, by use) verdict {
	switch {
	case by == taken:
		return refuse
	case found == same && by == runs:
		return keep
	case by == runs:
		return refuse
	case found == same:
		return assemble
	case found == halfMade:
		return recreate
	case by == idle:
		return refuse
	case found == nothing:
		return create
	case givenUp:
		return recreate
	}
	return refuse
}
