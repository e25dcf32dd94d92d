package contrast

// A matching says which items of two lists are the same.
type matching struct {
	to    []int // of each item of the first list the one of the second, below 0 for none
	fresh []int // items that only the second list has
	order []int // of those that both have, in the order of the first list
}

// match goes by keys. Of several items with one key, the first is matched with the first.
func match(was, now []string) (m matching) {
	left := map[string][]int{}
	for j, key := range now {
		left[key] = append(left[key], j)
	}
	taken := make([]bool, len(now))
	for _, key := range was {
		j := -1
		if all := left[key]; len(all) > 0 {
			j, left[key] = all[0], all[1:]
			taken[j] = true
			m.order = append(m.order, j)
		}
		m.to = append(m.to, j)
	}
	for j, is := range taken {
		if !is {
			m.fresh = append(m.fresh, j)
		}
	}
	return m
}

// pair takes items that have no match for changed ones, in their order.
func (m *matching) pair() {
	for i, j := range m.to {
		if j < 0 && len(m.fresh) > 0 {
			m.to[i], m.fresh = m.fresh[0], m.fresh[1:]
		}
	}
}

// each visits the items of the first list, then those that only the second one has; -1 stands for none.
func (m *matching) each(visit func(was, now int)) {
	for i, j := range m.to {
		visit(i, j)
	}
	for _, j := range m.fresh {
		visit(-1, j)
	}
}

// reordered: what both lists have, they have in another order.
func (m *matching) reordered() bool {
	for i := 1; i < len(m.order); i++ {
		if m.order[i] < m.order[i-1] {
			return true
		}
	}
	return false
}
