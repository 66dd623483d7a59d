package plan

// largeArray is the number of elements from which it pays to read an array once instead of twice, or to compute what is in
// it again instead of reading it: 256 KB, half a second-level cache.
const largeArray = 64 << 10

// siblings unites clusters that read the same large array and may run together, so that it is read once.
func (p *planner) siblings() {
	if p.fusion == Nothing {
		return
	}
	first := make([]int, len(p.owner)) // by value: 1 + the first cluster that reads it
	for id, g := range p.groups {
		if g.gone || g.kind != clusterGroup || g.space.n < largeArray {
			continue
		}
		for _, n := range g.nodes {
			for _, a := range n.args {
				v := a.Root
				if a.Size() != g.space.n || v.Shape.Size() != a.Size() || p.owner[v.ID] == id {
					continue
				}
				if home := first[v.ID] - 1; home >= 0 && home != id && !p.groups[home].gone && p.unite(home, id) {
					break
				}
				if first[v.ID] == 0 {
					first[v.ID] = id + 1
				}
			}
			if g.gone {
				break
			}
		}
	}
}
