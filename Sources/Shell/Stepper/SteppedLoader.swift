internal import LuaHost
internal import Primitives

extension Stepper {
    /// Makes `require`, `loadfile` and `dofile` read files of Lua so that they can be stepped.
    func stepLoadedFiles() throws {
        let path = Parameter<ByteString>("path", "The file.")
        let read = Primitive(
            "stepper.__read", "Compiles a file with its statements marked.", positional: [path.any]
        ) { [unowned self] call in
            let path = try call[path].bytes
            // What is wrong with a file is told by Lua's own function, which comes next.
            guard let source = try? SourceFile.read(path), source.first != 27,
                let chunk = try? load(
                    ScriptRunner.text(source), "@" + String(decoding: path, as: UTF8.self))
            else { return [] }
            return [.function(chunk)]
        }
        let source = """
            local read = ...
            local search, load_file = package.searchers[2], loadfile
            package.searchers[2] = function(name)
                local path = package.searchpath(name, package.path)
                local chunk = path and read(path)
                if chunk then return chunk, path end
                return search(name)
            end
            function loadfile(path, ...)
                local chunk = path and select("#", ...) == 0 and read(path)
                if chunk then return chunk end
                return load_file(path, ...)
            end
            function dofile(path)
                local chunk, problem = loadfile(path)
                if not chunk then error(problem, 0) end
                return chunk()
            end
            """
        _ = try state.load(Array(source.utf8), name: "=stepper")([.function(state.function(read))])
    }
}
