; What TypeScript and JavaScript have in common.
; Where several patterns match a name, the first one counts: the special ones stand before the general ones.

; ---- functions

[
  (function_declaration
    "async"? @async
    name: (_) @name
    body: (_) @body)
  (generator_function_declaration
    "async"? @async
    name: (_) @name
    body: (_) @body)
] @definition.function

; ---- classes

(class_declaration
  name: (_) @name
  body: (_) @body
) @definition.class

; ---- names bound in a module

(lexical_declaration
  kind: "const"
  (variable_declarator
    name: (identifier) @name
    value: (_)? @value
  ) @binding.constant
) @statement

(lexical_declaration
  kind: "const"
  (variable_declarator
    name: [(object_pattern) (array_pattern)] @names
    value: (_)? @value
  ) @binding.constant
) @statement

(lexical_declaration
  kind: "let"
  (variable_declarator
    name: (identifier) @name
    value: (_)? @value
  ) @binding.variable
) @statement

(lexical_declaration
  kind: "let"
  (variable_declarator
    name: [(object_pattern) (array_pattern)] @names
    value: (_)? @value
  ) @binding.variable
) @statement

(variable_declaration
  (variable_declarator
    name: (identifier) @name
    value: (_)? @value
  ) @binding.variable
) @statement

(variable_declaration
  (variable_declarator
    name: [(object_pattern) (array_pattern)] @names
    value: (_)? @value
  ) @binding.variable
) @statement

(export_statement
  "default" @name
  value: [
    (array)
    (arrow_function)
    (await_expression)
    (call_expression)
    (class)
    (function_expression)
    (generator_function)
    (new_expression)
    (number)
    (object)
    (string)
    (template_string)
  ] @value @definition.constant)

; ---- functions in an object that a module binds

(variable_declarator
  value: (object [
    (method_definition
      "async"? @async
      name: (_) @name
      body: (_) @body)
    (pair
      key: (_) @name
      value: [(arrow_function) (function_expression) (generator_function)] @value)
  ] @member.method))

(export_statement
  "default"
  value: (object [
    (method_definition
      "async"? @async
      name: (_) @name
      body: (_) @body)
    (pair
      key: (_) @name
      value: [(arrow_function) (function_expression) (generator_function)] @value)
  ] @member.method))

; ---- scopes that have no name

[
  (arrow_function)
  (class_static_block)
  (function_expression)
  (generator_function)
] @scope

(object (method_definition) @scope)

(class) @scope.class

[
  (do_statement)
  (for_in_statement)
  (for_statement)
  (if_statement)
  (switch_statement)
  (try_statement)
  (while_statement)
] @scope.block

; ---- what belongs to a definition

(decorator) @decorator

(comment) @doc

; ---- exports

(export_statement
  "export" @export
  declaration: (_) @wrapped
) @wrapper

(export_statement
  "export" @export
  value: (_) @wrapped
) @wrapper

(export_statement
  (export_clause (export_specifier name: (_) @export.name))
  !source)

(export_statement
  "default"
  value: (identifier) @export.name)
