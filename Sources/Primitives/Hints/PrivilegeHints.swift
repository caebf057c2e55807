internal import Kernel

/// Hints of the calls that change what this process may do.
func capabilityHint(_ error: SystemCallError) -> String? {
    func subject(_ role: String) -> String? { error.subjects.first { $0.role == role }?.text }
    switch (error.call, error.code) {
    case ("prctl", "EPERM") where subject("option") == "PR_SET_SECUREBITS" || subject("capability") != nil:
        // CAP_SETPCAP
        if !Credentials.has(capability: 8) {
            return "this needs CAP_SETPCAP; drop it last, or make a user namespace first"
        }
        return error.detail == nil ? "the secure bits, or the permitted and inheritable sets, forbid it" : nil
    case ("capset", "EPERM"):
        return "a capability that was given up does not come back; cap.get() tells what is left"
    default: return nil
    }
}
