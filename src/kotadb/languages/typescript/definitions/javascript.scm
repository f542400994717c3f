; What JavaScript's grammar has of its own, and the idioms of CommonJS.

; ---- classes

(class_body
  (method_definition
    "get"
    name: (_) @name
    body: (_) @body
  ) @definition.getter)

(class_body
  (method_definition
    "set"
    name: (_) @name
    body: (_) @body
  ) @definition.setter)

(class_body
  (method_definition
    name: (property_identifier) @name
    body: (_) @body
  ) @definition.constructor
  (#eq? @name "constructor"))

(class_body
  (method_definition
    "async"? @async
    name: (_) @name
    body: (_) @body
  ) @definition.method)

(field_definition
  property: (_) @name
  value: (_)? @value
) @definition.property

; ---- properties that the constructor sets

(assignment_expression
  left: (member_expression
    object: (this)
    property: (_) @name)
  right: (_) @value
) @field.property

; ---- exports.a = …, module.exports.a = …

(
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: [
          (identifier) @_exports
          (member_expression
            object: (identifier) @_module
            property: (property_identifier) @_exports)
        ]
        property: (property_identifier) @name @export)
      right: [
        (array)
        (arrow_function)
        (call_expression)
        (class)
        (function_expression)
        (generator_function)
        (new_expression)
        (number)
        (object)
        (string)
        (template_string)
      ] @value
    ) @binding.constant)
  (#eq? @_exports "exports"))

(
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: [
          (identifier) @_exports
          (member_expression
            object: (identifier) @_module
            property: (property_identifier) @_exports)
        ])
      right: (identifier) @export.name))
  (#eq? @_exports "exports"))

; ---- module.exports = class A {}

(
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: (identifier) @_module
        property: (property_identifier) @_exports)
      right: [
        (class name: (_) @name @export)
        (function_expression name: (_) @name @export)
        (generator_function name: (_) @name @export)
      ] @value
    ) @binding.constant)
  (#eq? @_module "module")
  (#eq? @_exports "exports"))

; ---- module.exports = a, module.exports = { a, b: c, d() {} }

(
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: (identifier) @_module
        property: (property_identifier) @_exports)
      right: [
        (identifier) @export.name
        (object (shorthand_property_identifier) @export.name)
        (object (pair value: (identifier) @export.name))
      ]))
  (#eq? @_module "module")
  (#eq? @_exports "exports"))

(
  (expression_statement
    (assignment_expression
      left: (member_expression
        object: (identifier) @_module
        property: (property_identifier) @_exports)
      right: (object [
        (method_definition
          "async"? @async
          name: (_) @name @export
          body: (_) @body)
        (pair
          key: (_) @name @export
          value: [(arrow_function) (class) (function_expression) (generator_function)] @value)
      ] @binding.function)))
  (#eq? @_module "module")
  (#eq? @_exports "exports"))
