package main

func mainAsUser() { main() }
