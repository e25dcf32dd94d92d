// Command empty does nothing: how long it takes is what any Go program takes to start.
package main

func main() {}
