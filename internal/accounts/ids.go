package accounts

// ids is which numbers are taken: those in the file of /etc, and those that other files of the name service have.
type ids struct {
	own, other     map[uint32]int
	ghosts         map[uint32]bool // of lines that are commented out: taken when a number is looked for
	people, system series
}

func newIDs(room int) *ids {
	return &ids{own: make(map[uint32]int, room), other: map[uint32]int{}, ghosts: map[uint32]bool{}}
}

// A series hands out the numbers from low to high, as useradd(8) and groupadd(8) do: people's upwards from the highest
// taken, the system's downwards from the lowest taken, and once at the end through all of them. What it remembers saves
// walking over the taken numbers again for each account; freeing a number makes it forget.
type series struct {
	low, high  uint64
	down       bool
	edge, next uint64
	known      bool
}

func (s *series) contains(id uint64) bool { return id >= s.low && id <= s.high }

// taken tells whether a name service of the root has someone with a number.
func (n *ids) taken(id uint32) bool { return n.own[id] > 0 || n.other[id] > 0 }

// take gives a number to someone in the file of /etc.
func (n *ids) take(id uint32) {
	n.own[id]++
	n.people.took(uint64(id))
	n.system.took(uint64(id))
}

// free takes it back. Two may have had it.
func (n *ids) free(id uint32) {
	if n.own[id]--; n.own[id] <= 0 {
		delete(n.own, id)
	}
	n.people.known, n.system.known = false, false
}

// took moves the edge beyond a number that is taken now.
func (s *series) took(id uint64) {
	if !s.known || !s.contains(id) {
		return
	}
	if s.down && id <= s.edge {
		s.edge = id - 1
	} else if !s.down && id >= s.edge {
		s.edge = id + 1
	}
}

// learn finds the edge: the number beyond the outermost taken one.
func (s *series) learn(n *ids) {
	s.known, s.edge, s.next = true, s.low, s.low
	if s.down {
		s.edge, s.next = s.high, s.high
	}
	for id := range n.own {
		s.took(uint64(id))
	}
	for id := range n.ghosts {
		s.took(uint64(id))
	}
}

// find gives the number for a new account.
func (n *ids) find(system bool) (uint32, bool) {
	s := &n.people
	if system {
		s = &n.system
	}
	if !s.known {
		s.learn(n)
	}
	if s.contains(s.edge) {
		if id, ok := n.walk(s, s.edge); ok {
			return id, true
		}
	}
	id, ok := n.walk(s, s.next)
	if ok {
		s.next = uint64(id) // everything before it is taken
	}
	return id, ok
}

// walk looks for a free number from id on, in the series' direction. 65535 is the -1 of systems with 16 bits and goes
// to nobody.
func (n *ids) walk(s *series, id uint64) (uint32, bool) {
	for s.contains(id) {
		if id != 1<<16-1 && id < noID && !n.taken(uint32(id)) && !n.ghosts[uint32(id)] {
			return uint32(id), true
		}
		if s.down {
			if id == 0 {
				break
			}
			id--
		} else {
			id++
		}
	}
	return 0, false
}

// like gives the number that someone of the same name has elsewhere, where it can be had: people's stay within their
// range, the system's below the end of theirs.
func (n *ids) like(id uint32, system bool) bool {
	low, high := n.people.low, n.people.high
	if system {
		low, high = 1, n.system.high
	}
	return uint64(id) >= low && uint64(id) <= high && id != 1<<16-1 && !n.taken(id) && !n.ghosts[id]
}

// ranges sets what login.defs(5) has for ids; what is "UID" or "GID".
func (n *ids) ranges(d loginDefs, what string) {
	n.people = series{low: d.number(what+"_MIN", 1000), high: d.number(what+"_MAX", 60000)}
	n.system = series{low: d.number("SYS_"+what+"_MIN", 101), high: d.number("SYS_"+what+"_MAX", n.people.low-1),
		down: true}
	n.system.low = max(n.system.low, 1)
	n.people.high, n.system.high = min(n.people.high, noID-1), min(n.system.high, noID-1)
}
