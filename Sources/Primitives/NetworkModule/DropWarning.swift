internal import Kernel
internal import LuaHost

extension Holdings {
    /// Says, once a run and family, that rules of somebody else's drop what this machine would pass on.
    func warnOfDrops(_ family: FirewallTable.Family, _ call: Call) {
        guard !warnedOfDrops.contains(family), let chain = ForwardChains.dropping(family).first else {
            return
        }
        warnedOfDrops.insert(family)
        call.state.complain(
            "tupper: warning: \(call.primitive.name): \(chain) drops what it does not accept of the packets that this "
                + "machine passes on, those of containers too; a rule there must accept them")
    }
}
