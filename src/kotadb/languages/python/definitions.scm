; Where several patterns match a name, the first one counts: the special ones stand before the general ones.

; ---- classes

(class_definition
  name: (identifier) @name
  superclasses: (argument_list [
    (identifier) @_base
    (attribute attribute: (identifier) @_base)
  ])
  ":" @body
  (#any-of? @_base
    "Enum" "IntEnum" "StrEnum" "ReprEnum" "Flag" "IntFlag" "EnumType" "Choices" "TextChoices" "IntegerChoices")
) @definition.enum

(class_definition
  name: (identifier) @name
  superclasses: (argument_list [
    (identifier) @_base
    (attribute attribute: (identifier) @_base)
    (subscript value: (identifier) @_base)
    (subscript value: (attribute attribute: (identifier) @_base))
  ])
  ":" @body
  (#eq? @_base "Protocol")
) @definition.interface

(class_definition
  name: (identifier) @name
  ":" @body
) @definition.class

; ---- functions; those in a class become methods

(decorated_definition
  (decorator [
    (identifier) @_decorator
    (attribute attribute: (identifier) @_decorator)
  ])
  definition: (function_definition
    "async"? @async
    name: (identifier) @name
    ":" @body
  ) @definition.getter
  (#any-of? @_decorator "property" "cached_property" "abstractproperty"))

(decorated_definition
  (decorator (attribute attribute: (identifier) @_decorator))
  definition: (function_definition
    name: (identifier) @name
    ":" @body
  ) @definition.setter
  (#eq? @_decorator "setter"))

(function_definition
  "async"? @async
  name: (identifier) @name
  ":" @body
) @definition.function

; ---- names bound in a module or a class

(assignment
  left: (identifier) @name
  right: (_)? @value
) @binding.variable

(assignment
  left: [(pattern_list) (tuple_pattern) (list_pattern)] @names
  right: (_) @value
) @binding.variable

(for_statement left: (identifier) @name @binding.variable)
(for_statement left: [(pattern_list) (tuple_pattern) (list_pattern)] @names @binding.variable)
(with_item value: (as_pattern alias: (as_pattern_target (identifier) @name @binding.variable)))
(except_clause (as_pattern alias: (as_pattern_target (identifier) @name @binding.variable)))
(named_expression name: (identifier) @name @binding.variable)

; what is imported is no variable where something else is taken instead
(import_from_statement name: (dotted_name . (identifier) @name .)) @taken
(import_from_statement name: (aliased_import alias: (identifier) @name)) @taken
(import_statement name: (dotted_name . (identifier) @name)) @taken
(import_statement name: (aliased_import alias: (identifier) @name)) @taken

(type_alias_statement
  left: (type [
    (identifier) @name
    (generic_type . (identifier) @name)
  ])
) @definition.type

; ---- attributes that methods set

(assignment
  left: (attribute
    object: (identifier) @_self
    attribute: (identifier) @name)
  right: (_)? @value
  (#eq? @_self "self")
) @field.property

(assignment
  left: [
    (pattern_list (attribute object: (identifier) @_self attribute: (identifier) @name) @field.property)
    (tuple_pattern (attribute object: (identifier) @_self attribute: (identifier) @name) @field.property)
  ]
  (#eq? @_self "self"))

; ---- what belongs to a definition

(decorator) @decorator

(lambda) @scope

[
  (class_definition
    body: (block . (comment)* . (expression_statement . (string) @doc .)))
  (function_definition
    body: (block . (comment)* . (expression_statement . (string) @doc .)))
] @documented

(
  (expression_statement (assignment) @documented)
  .
  (expression_statement . (string) @doc .)
)

; ---- __all__

(
  (expression_statement
    (assignment
      left: (identifier) @_all
      right: [(list) (tuple) (binary_operator left: [(list) (tuple)])]))
  @export.list
  (#eq? @_all "__all__"))

(
  (expression_statement
    [
      (assignment
        left: (identifier) @_all
        right: [
          (list (string (string_content) @export.name))
          (tuple (string (string_content) @export.name))
          (binary_operator left: (list (string (string_content) @export.name)))
          (binary_operator left: (tuple (string (string_content) @export.name)))
          (binary_operator right: (list (string (string_content) @export.name)))
          (binary_operator right: (tuple (string (string_content) @export.name)))
        ])
      (augmented_assignment
        left: (identifier) @_all
        right: [
          (list (string (string_content) @export.name))
          (tuple (string (string_content) @export.name))
        ])
      (call
        function: (attribute
          object: (identifier) @_all
          attribute: (identifier) @_method)
        arguments: (argument_list [
          (string (string_content) @export.name)
          (list (string (string_content) @export.name))
          (tuple (string (string_content) @export.name))
        ])
        (#any-of? @_method "append" "extend"))
    ])
  (#eq? @_all "__all__"))
