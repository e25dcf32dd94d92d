// Package order sorts slices, with one copy of the algorithm for elements of all types. The functions of package slices
// bring one for every type, which is 10 to 15 kB of code each in a program that every initramfs holds. Where elements
// compare by themselves, slices.Sort is as good.
package order

import "sort"

// By sorts by a comparison. Equal elements come in any order.
func By[T any](all []T, compare func(a, b T) int) { sort.Sort(sorter[T]{all, compare}) }

// Stably sorts by a comparison. Equal elements stay in their order.
func Stably[T any](all []T, compare func(a, b T) int) { sort.Stable(sorter[T]{all, compare}) }

type sorter[T any] struct {
	all     []T
	compare func(a, b T) int
}

// Len is the number of elements.
func (s sorter[T]) Len() int { return len(s.all) }

// Less compares two elements.
func (s sorter[T]) Less(i, j int) bool { return s.compare(s.all[i], s.all[j]) < 0 }

// Swap swaps two elements.
func (s sorter[T]) Swap(i, j int) { s.all[i], s.all[j] = s.all[j], s.all[i] }
